//! `explain --batch`: a line in, a line out, in the same order.
//!
//! A line that is no question is answered by `{"error":"..."}`, and the next
//! one is read. Nothing of this process's own environment or folder is used.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use tollgate_audit::Bytes;

use super::judge::{Judge, Question, Words};
use super::line::Lines;
use crate::error::Error;

/// One line of input.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    argv: Words,
    #[serde(default)]
    env: BTreeMap<String, Bytes>,
    #[serde(default)]
    cwd: Option<Bytes>,
}

/// What a line is answered that is no question.
#[derive(Debug, Serialize)]
struct Refused<'a> {
    error: &'a str,
}

/// Bytes that are read, and written, at once.
const AT_ONCE: usize = 64 << 10;

/// Answers standard input on standard output.
pub(super) fn explain(judge: &Judge) -> Result<ExitCode, Error> {
    let questions = BufReader::with_capacity(AT_ONCE, io::stdin().lock());
    answer_all(judge, questions, BufWriter::with_capacity(AT_ONCE, io::stdout().lock()))?;
    Ok(ExitCode::SUCCESS)
}

/// Whoever waits for each answer gets it: what is written goes out before more
/// is waited for.
fn answer_all(judge: &Judge, mut questions: BufReader<impl io::Read>, mut answers: impl Write) -> io::Result<()> {
    let mut lines = Lines::of(judge.by())?;
    let (mut asked, mut answer) = (Vec::new(), Vec::new());
    let mut at = tollgate_facts::now();
    loop {
        // Questions that are there together are of one moment.
        let waits = !questions.buffer().contains(&b'\n');
        if waits {
            answers.flush()?;
        }
        asked.clear();
        if questions.read_until(b'\n', &mut asked)? == 0 {
            return answers.flush();
        }
        if waits {
            at = tollgate_facts::now();
        }
        answer.clear();
        match question(&asked) {
            Ok(question) => lines.write(&judge.explain(&question, at), &mut answer)?,
            Err(error) => serde_json::to_writer(&mut answer, &Refused { error: &error })?,
        }
        answer.push(b'\n');
        answers.write_all(&answer)?;
    }
}

fn question(line: &[u8]) -> Result<Question, String> {
    let text = std::str::from_utf8(line).map_err(|error| format!("no question: it is no UTF-8 text ({error})"))?;
    let Line { argv, env, cwd } = serde_json::from_str(text).map_err(|error| format!("no question: {error}"))?;
    if argv.is_empty() {
        return Err("no question: `argv` is empty".to_owned());
    }
    let mut strings =
        argv.iter().chain(env.values()).chain(&cwd).map(Bytes::as_slice).chain(env.keys().map(String::as_bytes));
    if strings.any(|string| string.contains(&0)) {
        return Err("no question: a string holds a NUL byte".to_owned());
    }
    if let Some(name) = env.keys().find(|name| name.is_empty() || name.contains('=')) {
        return Err(format!("no question: `{name}` cannot be a variable's name"));
    }
    let env = env.into_iter().map(|(name, value)| [name.as_bytes(), b"=", value.as_slice()].concat()).collect();
    Ok(Question { argv, env, cwd })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tollgate_policies::classify::Grammars;
    use tollgate_policies::policy::{Door, Policy, profile};

    use super::*;

    fn judge() -> Judge {
        let policy = Policy::parse(&[profile("careful").unwrap()]).unwrap();
        Judge::new(Grammars::built_in(), policy, "unknown".into(), None, Door::Shim)
    }

    fn lines(text: &[u8]) -> usize {
        text.iter().filter(|byte| **byte == b'\n').count()
    }

    fn answers(questions: &str) -> Vec<serde_json::Value> {
        let mut answers = Vec::new();
        answer_all(&judge(), BufReader::new(questions.as_bytes()), &mut answers).unwrap();
        answers.split_inclusive(|byte| *byte == b'\n').map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    #[test]
    fn every_line_has_its_answer_in_its_place() {
        let answers = answers("{\"argv\":[\"terraform\",\"plan\"]}\nnonsense\n\n{\"argv\":[\"/x/nothing-known\"]}");
        let [plan, nonsense, empty, last] = &answers[..] else { panic!("{answers:?}") };
        assert_eq!(plan["operation"], "terraform.plan");
        assert_eq!(nonsense["error"], "no question: expected ident at line 1 column 2");
        assert!(empty["error"].is_string());
        assert_eq!((&last["tool"], &last["tier"]), (&"nothing-known".into(), &serde_json::Value::Null));
    }

    /// What is read piece by piece, and what has been answered by then.
    struct Pieces<'a> {
        left: Vec<&'static [u8]>,
        answered: &'a RefCell<Vec<u8>>,
        lines: Vec<usize>,
    }

    impl io::Read for Pieces<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.lines.push(lines(&self.answered.borrow()));
            if self.left.is_empty() {
                return Ok(0);
            }
            self.left.remove(0).read(into)
        }
    }

    struct Answers<'a>(&'a RefCell<Vec<u8>>);

    impl Write for Answers<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Half a line is no question yet: nobody waits for the rest of it while an answer is kept back.
    #[test]
    fn an_answer_goes_out_before_the_rest_of_a_line_is_waited_for() {
        let answered = RefCell::new(Vec::new());
        let left = vec![&b"{\"argv\":[\"ls\"]}\n{\"argv\":"[..], b"[\"ls\"]}\n{}\n", b"{"];
        let mut pieces = Pieces { left, answered: &answered, lines: Vec::new() };
        answer_all(&judge(), BufReader::new(&mut pieces), BufWriter::new(Answers(&answered))).unwrap();
        assert_eq!(pieces.lines, [0, 1, 3, 3, 4]);
        assert_eq!(lines(&answered.borrow()), 4);
    }

    #[test]
    fn environment_and_folder_are_those_of_the_line() {
        let answers = answers(concat!(
            "{\"argv\":[\"terraform\",\"apply\"],\"env\":{\"TF_WORKSPACE\":\"staging\"}}\n",
            "{\"argv\":[\"terraform\",\"apply\"]}\n"
        ));
        assert_eq!(answers[0]["target"]["workspace"]["value"], "staging");
        assert!(answers[1]["target"]["workspace"]["unknown"].is_string());
    }

    #[test]
    fn without_a_folder_no_file_of_this_machine_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        std::fs::write(&config, "{\"current-context\":\"prod\",\"contexts\":[{\"name\":\"prod\",\"context\":{}}]}")
            .unwrap();
        let line = |cwd: &str| {
            format!(
                "{{\"argv\":[\"kubectl\",\"get\",\"pods\"],\"env\":{{\"KUBECONFIG\":\"{}\"}}{cwd}}}\n",
                config.display()
            )
        };
        let answers = answers(&[line(""), line(",\"cwd\":\"/\"")].concat());
        assert!(answers[0]["target"]["context"]["unknown"].is_string(), "{}", answers[0]);
        assert_eq!(answers[0]["read"], serde_json::json!([]));
        assert_eq!(answers[1]["target"]["context"]["value"], "prod");
    }

    #[test]
    fn bytes_that_are_no_text_come_as_base64() {
        let answers = answers("{\"argv\":[\"terraform\",{\"b64\":\"//4=\"}]}\n");
        assert_eq!(answers[0]["argv"][1]["b64"], "//4=");
    }

    #[test]
    fn what_no_process_could_be_started_with_is_an_error() {
        let wrong = ["{\"argv\":[]}", "{\"argv\":[\"a\\u0000\"]}", "{\"argv\":[\"a\"],\"env\":{\"A=\":\"\"}}", "{}"];
        for line in wrong {
            assert!(answers(line)[0]["error"].is_string(), "{line}");
        }
    }
}
