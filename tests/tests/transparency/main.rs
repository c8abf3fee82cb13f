//! The transparency contract: every case runs directly and through the gate, and
//! must be equal; where it is documented to differ, the document is asserted.
//!
//! Built with feature `sabotage`, each case also runs once for every fault it is
//! there to notice, and must notice it.

mod arguments;
mod case;
mod descriptors;
mod exit;
mod gate;
mod nested;
#[cfg(feature = "sabotage")]
mod sabotage;
mod signals;
mod state;
mod streams;
mod terminal;

use case::cases;

cases! {
    case_01_exit_codes_come_through = exit::codes, ["exit-code"];
    case_02_death_by_a_signal_is_repeated = exit::deaths, ["death-as-exit"];
    case_03_python_sees_the_signal = exit::python, ["death-as-exit"];
    case_04_one_core_dump_the_tools_own = exit::core_dump, ["second-core"];
    case_05_head_ends_yes_with_sigpipe = streams::head_ends_yes, ["death-as-exit"];
    case_06_closing_stdin_ends_the_writer_at_once = streams::stdin_closed_early, ["keep-descriptors"];
    case_07_closing_stdout_is_seen_at_once = streams::stdout_closed_early, ["supervisor-keeps-descriptors", "keep-descriptors"];
    case_08_binary_bytes_pass_both_ways = streams::binary, ["close-stdin"];
    case_09_fifty_megabytes_pass_whole = streams::fifty_megabytes, ["close-stdin"];
    case_10_a_here_document_is_read = streams::here_document, ["close-stdin"];
    case_11_a_process_substitution_is_read = descriptors::process_substitution, ["shift-descriptors"];
    case_12_descriptors_keep_their_numbers = descriptors::numbers, ["shift-descriptors", "extra-descriptor"];
    case_13_closed_descriptors_stay_closed = descriptors::closed, ["reopen-closed"];
    case_14_dev_null_as_stdin = descriptors::dev_null, ["close-stdin"];
    case_15_the_umask_is_the_callers = state::umask, ["umask"];
    case_16_resource_limits_are_the_callers = state::limits, ["limits"];
    case_17_with_few_descriptors_left_the_gate_says_so = descriptors::few, ["exit-code"];
    case_18_niceness_is_the_callers = state::nice, ["nice", "io-priority", "scheduler"];
    case_19_the_processors_are_the_callers = state::affinity, ["affinity"];
    case_20_the_kernels_choice_of_victim_is_the_same = state::victim, ["oom-score"];
    case_21_nohup_holds = state::nohup, ["ignored-signals"];
    case_22_blocked_and_ignored_signals_stay = state::signals, ["blocked-signals", "ignored-signals"];
    case_23_a_deleted_folder_is_still_the_folder = state::deleted_folder, ["cwd-by-path"];
    case_24_in_a_sealed_folder_nothing_runs = state::sealed_folder, ["exit-code"];
    case_25_a_linked_folder_is_what_the_caller_says = state::linked_folder, ["cwd-by-path"];
    case_26_the_callers_own_name_for_the_tool = arguments::another_name, ["argv0"];
    case_27_arguments_are_bytes = arguments::bytes, ["utf8-arguments"];
    case_28_empty_arguments_stay = arguments::empty, ["drop-empty-arguments", "drop-empty-at-end"];
    case_29_no_arguments_at_all = arguments::none, ["argv0"];
    case_30_arguments_as_long_as_the_kernel_takes = arguments::long, ["drop-empty-at-end"];
    case_31_the_environment_is_bytes_in_order = arguments::environment, ["drop-environment-duplicates", "environment-sorted"];
    case_32_a_timeout_sends_one_signal = signals::timeout, ["lose-signal", "signal-twice"];
    case_33_killed_by_a_timeout_nothing_is_left = signals::killed, ["no-ladder"];
    case_34_a_signal_reaches_a_background_tool = signals::background, ["lose-signal"];
    case_35_a_killed_shim_has_its_tool_asked_to_stop = signals::shim_killed, ["kill-at-once", "no-ladder"];
    case_36_wait_sees_the_code_of_a_background_tool = exit::background, ["exit-code"];
    case_37_a_stopped_tool_is_seen_to_stop_and_goes_on = signals::stopped, ["run-on-when-stopped"];
    case_38_a_grandchild_may_hold_stdout = streams::grandchild_holds_stdout, ["wait-for-descendants", "kill-descendants"];
    case_39_a_daemonised_process_lives_on = exit::daemonised, ["wait-for-descendants", "no-subreaper"];
    case_40_stdout_and_stderr_keep_their_order = streams::order, ["merge-stderr", "reopen-files"];
    case_41_a_lock_on_an_inherited_descriptor_is_ours = descriptors::lock, ["reopen-files"];
    case_42_the_file_offset_is_shared = descriptors::offset, ["reopen-files"];
    case_43_appending_and_truncating = descriptors::append, ["reopen-files"];
    case_44_nonblocking_flags_are_left_alone = descriptors::nonblocking, ["nonblock"];
    case_45_one_ctrl_c_is_one_sigint = terminal::interrupt, ["terminal-twice", "own-group"];
    case_45_a_signal_to_a_job_or_a_process_comes_once = terminal::job_signals, ["terminal-twice", "lose-signal"];
    case_46_ctrl_c_ends_the_tool_and_the_script = terminal::default_interrupt, ["death-as-exit"];
    case_47_ctrl_backslash_and_ctrl_d = terminal::quit_and_end_of_input, ["own-group"];
    case_48_ctrl_z_jobs_fg_and_bg = terminal::job_control, ["run-on-when-stopped"];
    case_49_reading_in_the_background_stops = terminal::background_read, ["run-on-when-stopped", "born-at-daemon"];
    case_50_writing_in_the_background_stops_under_tostop = terminal::background_write, ["run-on-when-stopped"];
    case_51_a_resized_window_is_told_once = terminal::window, ["terminal-twice", "own-group"];
    case_52_a_closed_terminal_is_heard_of = terminal::hang_up, ["own-group"];
    case_52_a_stopped_job_without_its_shell_is_hung_up = terminal::orphaned, ["stay-in-session"];
    case_53_a_password_is_asked_for_on_the_terminal = terminal::password, ["own-group", "born-at-daemon"];
    case_54_a_pipeline_stops_and_goes_on_as_one = terminal::pipelines, ["run-on-when-stopped"];
    case_55_what_is_typed_ahead_is_the_shells = terminal::type_ahead, ["eat-input"];
    case_56_a_tool_in_the_background_leaves_the_modes_alone = terminal::terminal_modes, ["no-echo"];
    case_57_each_stream_is_a_terminal_or_not = terminal::each_stream, ["born-at-daemon", "close-stdin"];
    case_58_a_job_server_reaches_through = nested::job_server, ["shift-descriptors"];
    case_59_in_substitutions_coprocesses_and_after_exec = nested::in_the_shell, ["exit-code"];
    case_60_after_exec_a_signal_ends_it = signals::after_exec, ["lose-signal"];
    case_60_a_signal_at_the_very_start_is_the_tools = signals::at_the_start, ["lose-signal"];
    case_61_missing_and_broken_tools_give_the_shells_codes = gate::broken_tools, ["exit-code"];
    case_62_a_tool_calls_another = nested::calls_another, ["exit-code"];
    case_63_two_hundred_at_once_are_each_their_own = nested::in_parallel, ["exit-code"];
    case_64_a_killed_daemon_hurts_no_running_command = gate::daemon_killed, ["no-exit-record"];
    case_65_without_a_daemon_the_answer_is_125_at_once = gate::no_daemon, ["no-connect-timeout"];
    case_66_what_a_tool_used_is_not_its_callers = nested::used_resources, ["exit-code"];
    case_67_the_control_group_is_the_callers = state::control_group, ["exit-code"];
    case_68_hundreds_of_descriptors_and_high_numbers = descriptors::many, ["shift-descriptors"];
    case_69_the_shells_own_variables = nested::shell_variables, ["environment-sorted"];
    case_70_a_debugger_sees_the_shim = nested::traced, ["exit-code"];
}
