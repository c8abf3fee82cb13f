//! What must be read for a command, from its flags and variables.
//!
//! One function a resolver: it turns the parameters that a grammar names into a
//! [`Need`]. An error is the reason why nothing can be asked.

use super::brought;
use super::case::Case;
use super::facts::{ComposeFiles, GitPurpose, GitRepo, Need, Resolver};
use super::grammar::{Origin, ResolverRule, Source};
use crate::Bytes;

/// What to ask this resolver.
pub(crate) fn need(case: &Case<'_, '_, '_>, resolver: Resolver) -> Result<Need, String> {
    let rule = case.tool.resolvers.iter().find(|rule| rule.resolver == resolver);
    match resolver {
        Resolver::TerraformDir => Ok(terraform_dir(case, rule)),
        Resolver::Kubeconfig => kubeconfig(case, rule),
        Resolver::AwsProfile => Ok(aws_profile(case, rule)),
        Resolver::Kuberc => Ok(Need::Kuberc { path: below_home(case, b".kube/kuberc") }),
        Resolver::GcloudConfig => Ok(gcloud_config(case, rule)),
        Resolver::GitRepo => Ok(Need::GitRepo(git_repo(case, rule))),
        Resolver::DockerContext => Ok(docker_context(case, rule)),
        Resolver::GhConfig => Ok(gh_config(case, rule)),
        Resolver::PlanFile => match brought::operand(case) {
            Some(operand) => Ok(plan(case, operand.bytes)),
            None => Err(String::from("no plan is named")),
        },
        Resolver::ComposeFiles => Ok(Need::ComposeFiles(compose_files(case, rule)?)),
        Resolver::BroughtFiles | Resolver::OwnFile => Err(String::from("files are asked about by their names")),
    }
}

/// What to ask about a saved plan.
pub(crate) fn plan(case: &Case<'_, '_, '_>, path: &[u8]) -> Need {
    let rule = case.tool.resolvers.iter().find(|rule| rule.resolver == Resolver::TerraformDir);
    let folder = setting(case, rule, "folder").unwrap_or_default().into();
    Need::PlanFile { folder, path: path.into() }
}

/// A saved plan's path as the caller would open it.
pub(crate) fn planned(case: &Case<'_, '_, '_>, path: &[u8]) -> Vec<u8> {
    match plan(case, path) {
        Need::PlanFile { folder, path } if !folder.is_empty() && !path.starts_with(b"/") => {
            [&folder, &b"/"[..], &path].concat()
        }
        _ => path.to_vec(),
    }
}

fn terraform_dir(case: &Case<'_, '_, '_>, rule: Option<&ResolverRule>) -> Need {
    let of = |name| setting(case, rule, name).unwrap_or_default().into();
    Need::TerraformDir { folder: of("folder"), data: of("data") }
}

fn kubeconfig(case: &Case<'_, '_, '_>, rule: Option<&ResolverRule>) -> Result<Need, String> {
    let files = match (setting(case, rule, "file"), setting(case, rule, "list")) {
        (Some(file), _) => vec![file.into()],
        (None, Some(list)) => {
            list.split(|byte| *byte == b':').filter(|file| !file.is_empty()).map(Bytes::from).collect()
        }
        (None, None) => vec![[case.callers_home().ok_or("HOME is not set")?, b"/.kube/config"].concat().into()],
    };
    let of = |name| setting(case, rule, name).map(Bytes::from);
    Ok(Need::Kubeconfig { files, context: of("context"), cluster: of("cluster") })
}

fn aws_profile(case: &Case<'_, '_, '_>, rule: Option<&ResolverRule>) -> Need {
    let of = |name, usual: &[u8]| setting(case, rule, name).unwrap_or(usual).into();
    Need::AwsProfile {
        config: of("config", b"~/.aws/config"),
        credentials: of("credentials", b"~/.aws/credentials"),
        home: case.callers_home().unwrap_or_default().into(),
        profile: of("profile", b"default"),
    }
}

fn gcloud_config(case: &Case<'_, '_, '_>, rule: Option<&ResolverRule>) -> Need {
    Need::GcloudConfig {
        folder: setting(case, rule, "folder").unwrap_or(b"~/.config/gcloud").into(),
        home: case.callers_home().unwrap_or_default().into(),
        configuration: setting(case, rule, "configuration").map(Bytes::from),
    }
}

fn git_repo(case: &Case<'_, '_, '_>, rule: Option<&ResolverRule>) -> GitRepo {
    let of = |name| setting(case, rule, name).map(Bytes::from);
    GitRepo {
        folder: of("folder").unwrap_or_default(),
        git_dir: of("git-dir"),
        home: case.callers_home().unwrap_or_default().into(),
        settings: of("settings"),
        global: of("global"),
        remote: of("remote"),
        purpose: match setting(case, rule, "purpose") {
            Some(b"push") => GitPurpose::Push,
            Some(b"forge") => GitPurpose::Forge,
            _ => GitPurpose::Fetch,
        },
    }
}

fn docker_context(case: &Case<'_, '_, '_>, rule: Option<&ResolverRule>) -> Need {
    Need::DockerContext {
        folder: setting(case, rule, "folder").unwrap_or(b"~/.docker").into(),
        home: case.callers_home().unwrap_or_default().into(),
        context: setting(case, rule, "context").map(Bytes::from),
    }
}

/// As compose finds its project: files by flags, else by the variable; the folder by a
/// flag, else that of the first file.
fn compose_files(case: &Case<'_, '_, '_>, rule: Option<&ResolverRule>) -> Result<ComposeFiles, String> {
    let listed = |name, mark: u8| -> Vec<Bytes> {
        let parts = setting(case, rule, name).unwrap_or_default().split(move |byte| *byte == mark);
        parts.filter(|part| !part.is_empty()).map(Bytes::from).collect()
    };
    let given = |flag: &str| -> Vec<Bytes> {
        let values = case.parsed.flags.iter().filter(|given| given.flag.name == flag);
        values.map(|given| given.value.unwrap_or_default().into()).collect()
    };
    let or = |given: Vec<Bytes>, listed: Vec<Bytes>| if given.is_empty() { listed } else { given };
    let flag = case.parsed.command.brings.as_ref().map_or("", |brings| brings.flag);
    let files = or(given(flag), listed("files", b':'));
    if let Some(remote) = files.iter().find(|path| is_remote(path)) {
        return Err(format!("`{}` is no file here", String::from_utf8_lossy(remote)));
    }
    let of_first = files.first().and_then(|path| path.get(..path.iter().rposition(|byte| *byte == b'/')? + 1));
    let folder = setting(case, rule, "folder").or(of_first).unwrap_or_default().into();
    Ok(ComposeFiles { files, folder, variables: or(given("--env-file"), listed("variables", b',')) })
}

/// Whether compose takes this for standard input or fetches it.
fn is_remote(path: &[u8]) -> bool {
    path == b"-" || path.contains(&b'@') || path.windows(2).any(|part| part == b":/") || path.starts_with(b"git")
}

fn gh_config(case: &Case<'_, '_, '_>, rule: Option<&ResolverRule>) -> Need {
    let folder = match (setting(case, rule, "folder"), setting(case, rule, "settings")) {
        (Some(folder), _) => folder.into(),
        (None, Some(settings)) => [settings, b"/gh"].concat().into(),
        (None, None) => b"~/.config/gh".into(),
    };
    Need::GhConfig { folder, home: case.callers_home().unwrap_or_default().into() }
}

/// As Go's clients do it: without a home the path starts at the working folder.
fn below_home(case: &Case<'_, '_, '_>, path: &[u8]) -> Bytes {
    match case.callers_home() {
        Some(home) => [home, b"/", path].concat().into(),
        None => path.into(),
    }
}

/// Whether a variable that is set says what this resolver is asked.
pub(crate) fn names_variables(case: &Case<'_, '_, '_>, resolver: Resolver) -> bool {
    let rules = case.tool.resolvers.iter().filter(|rule| rule.resolver == resolver);
    let mut sources = rules.flat_map(|rule| &rule.parameters).flat_map(|(_, sources)| sources);
    sources.any(|source| matches!(source.of, Origin::Variable(name) if case.environment.get(name.as_bytes()).is_some()))
}

fn setting<'a>(case: &Case<'_, '_, 'a>, rule: Option<&ResolverRule>, name: &str) -> Option<&'a [u8]> {
    let sources: &[Source] = &rule?.parameters.iter().find(|(known, _)| *known == name)?.1;
    case.setting(sources).map(|(value, _)| value)
}
