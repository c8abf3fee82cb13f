//! Compose files, as a project brings them.

use std::fs::{self, File};
use std::os::fd::AsFd;

use super::*;
use crate::Reader;

fn told(files: &[(&str, &str)], wanted: &ComposeFiles) -> Contents {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let cwd = File::open(folder.path()).unwrap();
    match find(wanted, &mut Files::new(&Reader::new(Some(cwd.as_fd())))) {
        Finding::Brought(contents) => contents,
        other => panic!("{other:?}"),
    }
}

fn usual(text: &str) -> Contents {
    told(&[("compose.yaml", text)], &ComposeFiles { files: vec![], folder: b"".into(), variables: vec![] })
}

fn paths(contents: &Contents) -> Vec<(String, Access)> {
    let one = |mount: &Mount| (String::from_utf8(mount.path.clone()).unwrap(), mount.access);
    contents.mounts.iter().map(one).collect()
}

#[test]
fn a_plain_project_gives_nothing_of_the_machine() {
    let contents = usual(
        "services:\n  web:\n    image: nginx\n    privileged: false\n    build: .\n    ports: ['80:80']\n    \
         environment: {A: b}\n    volumes:\n      - ./site:/site:ro\n      - data:/data\n      - /cache\n\
         volumes:\n  data:\nnetworks:\n  back: {driver: bridge}\n",
    );
    assert_eq!((contents.unread.as_deref(), contents.kinds.as_slice()), (None, &[][..]));
    assert_eq!(paths(&contents), [("./site".to_owned(), Access::Read)]);
    assert_eq!(contents.changes.named().len(), 1);
    let both = usual("services: {a: {volumes: ['./x:/x:ro,rw']}}");
    assert_eq!(paths(&both), [("./x".to_owned(), Access::Write)]);
}

#[test]
fn what_takes_confinement_away_is_told() {
    for (setting, kind) in [
        ("privileged: true", "privileged"),
        ("privileged: yes", "privileged"),
        ("use_api_socket: true", "privileged"),
        ("network_mode: host", "host-namespace"),
        ("pid: host", "host-namespace"),
        ("pid: 'container:x'", "host-namespace"),
        ("userns_mode: host", "host-namespace"),
        ("cap_add: [SYS_ADMIN]", "capability"),
        ("devices: ['/dev/sda:/dev/sda']", "device"),
        ("security_opt: ['seccomp:unconfined']", "unconfined"),
        ("volumes: ['/var/run/docker.sock:/s:ro']", "engine-socket"),
        ("volumes: ['docker.sock:/s']", "engine-socket"),
        ("volumes: [{type: bind, source: /run/podman/podman.sock, target: /s}]", "engine-socket"),
        ("env_file: .env", "variables"),
        ("environment: [AWS_SECRET_ACCESS_KEY]", "variables"),
        ("environment: {AWS_SECRET_ACCESS_KEY: }", "variables"),
        ("command: echo $X", "variables"),
    ] {
        let contents = usual(&format!("services:\n  web:\n    image: x\n    {setting}\n"));
        assert_eq!((contents.kinds, contents.unread), (vec![kind.to_owned()], None), "{setting}");
    }
}

#[test]
fn what_of_the_machine_is_given_is_told() {
    for (text, path) in [
        ("services: {a: {volumes: ['/etc:/e']}}", "/etc"),
        ("services: {a: {volumes: ['~/.aws:/e']}}", "~/.aws"),
        ("services: {a: {volumes: ['../x:/e']}}", "../x"),
        ("services: {a: {volumes: [{type: bind, source: /etc, target: /e}]}}", "/etc"),
        ("services: {a: {env_file: [{path: ../b}]}}", "../b"),
        ("services: {}\nvolumes: {v: {driver_opts: {type: none, o: bind, device: /}}}", "/"),
        ("services: {}\nsecrets: {s: {file: ./key}}", "./key"),
        ("services: {}\nconfigs: {s: {file: /etc/shadow}}", "/etc/shadow"),
    ] {
        let contents = usual(text);
        assert_eq!(paths(&contents).into_iter().map(|(path, _)| path).collect::<Vec<_>>(), [path], "{text}");
        assert_eq!(contents.unread, None, "{text}");
    }
}

#[test]
fn what_cannot_be_told_leaves_the_project_unread() {
    for text in [
        "services: {a: {volumes: ['${X}:/e']}}",
        "services: {a: {volumes: ['$X']}}",
        "services: {a: {volumes: ['./${X}:/e']}}",
        "services: {a: {volumes: [{type: npipe, source: x}]}}",
        "services: {a: {volumes: [{source: $X, target: /e}]}}",
        "services: {a: {network_mode: $X}}",
        "services: {a: {security_opt: [$X]}}",
        "services: {a: {provider: {type: rm}}}",
        "services: {a: {post_start: [{command: x, privileged: true}]}}",
        "services: {a: {volumes_from: [b]}}",
        "services: {a: {develop: {watch: []}}}",
        "services: {a: {extends: {file: b.yaml, service: a}}}",
        "services: {a: {build: {privileged: true}}}",
        "services: {a: {build: {ssh: [default]}}}",
        "services: {a: {never_heard_of: 1}}",
        "services: {a: {Privileged: true}}",
        "include: [b.yaml]",
        "models: {}",
        "volumes: {v: {driver: $X}}",
        "volumes: {v: {driver: sshfs}}",
        "networks: {n: {name: $X}}",
        "x-a: &a {privileged: true}\nservices: {a: {<<: *a}}",
        "services: {a: {privileged: !reset false}}",
        "services: {}\n---\nservices: {a: {privileged: true}}",
        "--- {}\n--- {services: {}}",
        "services: [a]",
        "[a]",
    ] {
        assert!(usual(text).unread.is_some(), "{text}");
    }
}

#[test]
fn a_network_of_the_machine_is_told_by_its_name() {
    for text in [
        "networks: {host: {external: true}}",
        "networks: {n: {name: host, external: true}}",
        "networks: {n: {driver: macvlan}}",
        "networks: {n: {driver: host}}",
    ] {
        assert_eq!(usual(text).kinds, ["host-namespace"], "{text}");
    }
}

#[test]
fn every_file_counts_and_paths_start_at_the_projects_folder() {
    let wanted =
        ComposeFiles { files: vec![b"sub/a.yaml".into(), b"b.yaml".into()], folder: b"sub/".into(), variables: vec![] };
    let files =
        [("sub/a.yaml", "services: {a: {volumes: ['./x:/x']}}"), ("b.yaml", "services: {a: {privileged: true}}")];
    let contents = told(&files, &wanted);
    assert_eq!((contents.kinds.as_slice(), contents.unread), (&["privileged".to_owned()][..], None));
    assert_eq!(contents.mounts[0].path, b"sub//./x");
    assert!(told(&files[..1], &wanted).unread.is_some());
}

#[test]
fn overrides_count_and_a_project_of_a_folder_above_is_not_known() {
    let wanted = ComposeFiles { files: vec![], folder: b"".into(), variables: vec![] };
    let plain = ("docker-compose.yml", "services: {}");
    let with = [plain, ("compose.override.yml", "services: {a: {privileged: true}}")];
    assert_eq!(told(&with, &wanted).kinds, ["privileged"]);
    assert!(told(&with[1..], &wanted).unread.is_some());
    assert!(told(&[], &wanted).unread.is_some());
}

#[test]
fn variables_that_name_further_files_leave_the_project_unread() {
    let plain = ("compose.yaml", "services: {}");
    let wanted = |variables: &[&str]| ComposeFiles {
        files: vec![],
        folder: b"".into(),
        variables: variables.iter().map(|path| (*path).into()).collect(),
    };
    assert_eq!(told(&[plain, (".env", "A=b\nCOMPOSE_PROJECT_NAME=x\n")], &wanted(&[])).unread, None);
    assert!(told(&[plain, (".env", "export COMPOSE_FILE=b.yaml")], &wanted(&[])).unread.is_some());
    assert!(told(&[plain, ("vars", "COMPOSE_FILE=b.yaml")], &wanted(&["vars"])).unread.is_some());
}
