//! Which context, cluster, server and namespace kubeconfig files choose.
//!
//! As client-go merges them: the first file that names a current context decides
//! it, and of two entries of one name that of the first file holds as a whole.
//! Missing files are skipped. Deliberately not here: credentials, but for programs
//! that are run for them.

use tollgate_policies::classify::Finding;
use tollgate_policies::classify::facts::{Field, Found};
use tollgate_policies::{Bytes, Value};

use crate::files::Files;
use crate::yaml::{self, Node};

pub(crate) fn find(paths: &[Bytes], context: Option<&[u8]>, cluster: Option<&[u8]>, files: &mut Files<'_>) -> Finding {
    let mut configs = Vec::new();
    for path in paths {
        match read(path, files) {
            Ok(Some(config)) => configs.push(config),
            Ok(None) => {}
            Err(reason) => return Finding::Unknown { reason },
        }
    }
    chosen(&configs, context, cluster)
}

/// One file.
struct Config {
    shown: String,
    root: Node,
}

fn read(path: &[u8], files: &mut Files<'_>) -> Result<Option<Config>, String> {
    let shown = String::from_utf8_lossy(path).into_owned();
    let Some(bytes) = files.read(path)? else {
        return Ok(None);
    };
    let text = String::from_utf8(bytes).map_err(|_| format!("`{shown}`: it is no text"))?;
    let root = yaml::read(&text).map_err(|why| format!("`{shown}`: {why}"))?;
    for list in ["contexts", "clusters"] {
        if let Some(name) = twice(&root, list) {
            return Err(format!("`{shown}`: two {list} are called `{name}`"));
        }
    }
    Ok(Some(Config { shown, root }))
}

/// A name that stands twice in a list, which the tool refuses.
fn twice(root: &Node, list: &str) -> Option<String> {
    let mut names: Vec<&str> = entries(root, list).filter_map(|entry| entry.get("name")?.text()).collect();
    names.sort_unstable();
    names.windows(2).find(|pair| pair.first() == pair.get(1)).and_then(|pair| pair.first()).map(|name| (*name).into())
}

fn entries<'n>(root: &'n Node, list: &str) -> impl Iterator<Item = &'n Node> {
    root.get(list).map(Node::list).unwrap_or_default().iter()
}

fn chosen(configs: &[Config], context: Option<&[u8]>, cluster: Option<&[u8]>) -> Finding {
    let current = || {
        configs.iter().find_map(|config| {
            let name = config.root.get("current-context")?.text()?;
            Some((name.to_owned(), format!("{} current-context", config.shown)))
        })
    };
    let asked = context.map(|name| (String::from_utf8_lossy(name).into_owned(), String::from("argument")));
    let Some((name, source)) = asked.or_else(current) else {
        return Finding::Found(Found { values: without_context(configs, cluster), ..Found::default() });
    };
    let mut values = vec![(Field::Context, Value::Known { value: name.as_str().into(), source: source.into() })];
    let mut code = None;
    match entry(configs, "contexts", "context", &name) {
        None => {
            let unknown = Value::Unknown { reason: format!("no kubeconfig has a context `{name}`").into() };
            values.extend([Field::Cluster, Field::Server, Field::Namespace].map(|field| (field, unknown.clone())));
        }
        Some((inner, config)) => {
            let text = |key: &str| inner.get(key)?.text().map(str::to_owned);
            let source = || format!("{} context {name}", config.shown);
            code = text("user").and_then(|user| credentials(configs, &user));
            if let Some(namespace) = text("namespace") {
                values.push((Field::Namespace, Value::Known { value: namespace.into(), source: source().into() }));
            }
            let cluster = cluster.map(|name| String::from_utf8_lossy(name).into_owned()).or_else(|| text("cluster"));
            if let Some(cluster) = cluster {
                values.push((Field::Server, server(configs, &cluster)));
                values.extend(tls_name(configs, &cluster).map(|name| (Field::TlsName, name)));
                values.push((Field::Cluster, Value::Known { value: cluster.into(), source: source().into() }));
            }
        }
    }
    Finding::Found(Found { values, code, ..Found::default() })
}

/// Programs that vendors have kubectl ask for credentials.
const KNOWN: [&str; 12] = [
    "aws",
    "aws-iam-authenticator",
    "az",
    "doctl",
    "gcloud",
    "gke-gcloud-auth-plugin",
    "ibmcloud",
    "kubectl",
    "kubelogin",
    "linode-cli",
    "oci",
    "tsh",
];

/// What in an unusual file makes the tool run a program for a user's credentials.
/// The usual file is the person's own, and says it for good.
fn credentials(configs: &[Config], user: &str) -> Option<String> {
    let (inner, config) = entry(configs, "users", "user", user)?;
    let usual = config.shown.ends_with("/.kube/config");
    let exec = inner.get("exec").map(|exec| exec.get("command").and_then(Node::text).unwrap_or_default());
    let provider = || inner.get("auth-provider").map(|_| "auth-provider");
    let command = exec.or_else(provider)?;
    (!usual && !KNOWN.contains(&command))
        .then(|| format!("`{}` has the tool run `{command}` for credentials", config.shown))
}

/// Nothing is chosen: the tool takes the cluster that a flag names, or one that
/// it finds around itself.
fn without_context(configs: &[Config], cluster: Option<&[u8]>) -> Vec<(Field, Value)> {
    let unknown = |what: &str| Value::Unknown { reason: format!("no kubeconfig chooses a {what}").into() };
    let server = match cluster {
        Some(name) => server(configs, &String::from_utf8_lossy(name)),
        None => unknown("cluster"),
    };
    let namespace = Value::unknown("no kubeconfig chooses a context: inside a cluster it is the pod's");
    let mut values =
        vec![(Field::Context, unknown("context")), (Field::Cluster, unknown("cluster")), (Field::Server, server)];
    values.push((Field::Namespace, namespace));
    values
}

fn server(configs: &[Config], cluster: &str) -> Value {
    let stated = entry(configs, "clusters", "cluster", cluster).and_then(|(inner, config)| {
        let server = inner.get("server")?.text()?;
        let source = format!("{} cluster {cluster}", config.shown);
        Some(Value::Known { value: server.into(), source: source.into() })
    });
    stated.unwrap_or_else(|| Value::Unknown {
        reason: format!("no kubeconfig has a server for the cluster `{cluster}`").into(),
    })
}

/// The name that the server's certificate must have. The tool forgets it where a
/// flag names the server.
fn tls_name(configs: &[Config], cluster: &str) -> Option<Value> {
    let (inner, config) = entry(configs, "clusters", "cluster", cluster)?;
    let value = inner.get("tls-server-name")?.text()?;
    Some(Value::Known { value: value.into(), source: format!("{} cluster {cluster}", config.shown).into() })
}

/// The entry of this name in the first file that has one.
fn entry<'c>(configs: &'c [Config], list: &str, inner: &str, name: &str) -> Option<(&'c Node, &'c Config)> {
    configs.iter().find_map(|config| {
        let named = |entry: &&Node| entry.get("name").and_then(Node::text) == Some(name);
        let entry = entries(&config.root, list).find(named)?;
        Some((entry.get(inner)?, config))
    })
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;
    use crate::Reader;

    const ONE: &str = "
current-context: dev
contexts:
- name: dev
  context: {cluster: small, user: me}
- name: shared
  context: {cluster: small, user: me}
clusters:
- name: small
  cluster: {server: https://small}
";
    const TWO: &str = "
current-context: prod
contexts:
- {name: prod, context: {cluster: big, user: me, namespace: shop}}
- {name: shared, context: {cluster: big, user: me, namespace: shop}}
clusters:
- {name: big, cluster: {server: https://big}}
- {name: small, cluster: {server: https://other}}
";

    fn found(list: &str, context: Option<&str>, cluster: Option<&str>) -> Vec<(Field, String)> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("one"), ONE).unwrap();
        std::fs::write(folder.path().join("two"), TWO).unwrap();
        std::fs::write(folder.path().join("broken"), "contexts: [").unwrap();
        let cwd = File::open(folder.path()).unwrap();
        let reader = Reader::new(Some(cwd.as_fd()));
        let paths: Vec<Bytes> = list.split(':').map(Into::into).collect();
        let finding = find(&paths, context.map(str::as_bytes), cluster.map(str::as_bytes), &mut Files::new(&reader));
        match finding {
            Finding::Unknown { reason } => vec![(Field::Context, format!("? {reason}"))],
            other @ (Finding::Plan(_) | Finding::Brought(_)) => panic!("{other:?}"),
            Finding::Found(found) => found.values.into_iter().map(|(field, stated)| (field, shown(stated))).collect(),
        }
    }

    fn shown(stated: Value) -> String {
        match stated {
            Value::Known { value, source } => format!("{} from {source}", String::from_utf8(value.into()).unwrap()),
            Value::Unknown { reason } => format!("? {reason}"),
        }
    }

    #[test]
    fn the_first_file_decides_the_context() {
        assert_eq!(
            found("one:two", None, None),
            [
                (Field::Context, "dev from one current-context".into()),
                (Field::Server, "https://small from one cluster small".into()),
                (Field::Cluster, "small from one context dev".into()),
            ]
        );
        assert_eq!(found("two:one", None, None)[0].1, "prod from two current-context");
    }

    #[test]
    fn an_entry_of_the_first_file_holds_as_a_whole() {
        let values = found("one:two", Some("shared"), None);
        assert!(values.iter().all(|(field, _)| *field != Field::Namespace), "{values:?}");
        let values = found("two:one", Some("shared"), None);
        assert!(values.contains(&(Field::Namespace, "shop from two context shared".into())), "{values:?}");
    }

    #[test]
    fn a_named_cluster_replaces_the_contexts() {
        let values = found("one:two", None, Some("big"));
        assert!(values.contains(&(Field::Server, "https://big from two cluster big".into())), "{values:?}");
    }

    #[test]
    fn an_unknown_context_leaves_the_rest_unknown() {
        let values = found("one", Some("nope"), None);
        assert!(values.contains(&(Field::Cluster, "? no kubeconfig has a context `nope`".into())), "{values:?}");
    }

    #[test]
    fn missing_files_are_skipped_and_broken_ones_are_not() {
        assert_eq!(found("gone:one", None, None)[0].1, "dev from one current-context");
        assert!(found("one:broken", None, None)[0].1.starts_with("? `broken`: "));
        assert_eq!(found("gone", None, None)[0].1, "? no kubeconfig chooses a context");
    }

    #[test]
    fn a_program_for_credentials_is_seen_where_nobody_expects_one() {
        let config = |command: &str| {
            format!(
                "current-context: c\ncontexts:\n- name: c\n  context: {{user: u, cluster: x}}\nusers:\n- name: u\n  user: {{exec: {{command: {command}}}}}\n"
            )
        };
        let code = |path: &str, command: &str| {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, config(command)).unwrap();
            let cwd = File::open(folder.path()).unwrap();
            match find(&[path.into()], None, None, &mut Files::new(&Reader::new(Some(cwd.as_fd())))) {
                Finding::Found(found) => found.code,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(
            code("mine/kubeconfig", "./evil").unwrap(),
            "`mine/kubeconfig` has the tool run `./evil` for credentials"
        );
        assert_eq!(code("mine/kubeconfig", "aws"), None);
        assert_eq!(code("home/.kube/config", "./plugin"), None);
    }

    #[test]
    fn the_name_of_a_certificate_is_told() {
        let text = "current-context: c\ncontexts:\n- name: c\n  context: {cluster: x}\nclusters:\n- name: x\n  cluster: {server: 'https://s', tls-server-name: other}\n";
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("k"), text).unwrap();
        let cwd = File::open(folder.path()).unwrap();
        let Finding::Found(found) = find(&["k".into()], None, None, &mut Files::new(&Reader::new(Some(cwd.as_fd()))))
        else {
            panic!("nothing is found")
        };
        assert!(matches!(found.value(Field::TlsName), Some(Value::Known { value, .. }) if **value == *b"other"));
    }
}
