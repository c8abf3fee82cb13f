//! A daemon that only opens sessions, and a folder of programs around the real
//! `tollgate`: what `tollgate run` does is seen without judging anything.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;
use tollgate_admin::{Ask, Reply, read_frame, write_frame};

/// The longest that anything here takes on a loaded machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The id of the first session; the next ones end in `-2`, `-3`...
pub(crate) const SESSION: &str = "01JTESTSESSION000000000000";

/// What the fake was told.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// A session was asked for.
    Opened(Ask),
    /// Its link was closed.
    Closed,
}

/// How the fake answers a session.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    /// It opens it.
    Friendly,
    /// It refuses it.
    Refusing,
}

/// The programs' folder: the real `tollgate`, a shim that says that it was
/// called, and a `tollgated` that does what `ROOT/daemon.sh` says.
pub(crate) fn programs() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let program = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        let (built, beside) = (env!("CARGO_BIN_EXE_tollgate"), folder.path().join("tollgate"));
        fs::hard_link(built, &beside).or_else(|_| fs::copy(built, &beside).map(drop)).unwrap();
        program("tollgate-shim", "#!/bin/sh\necho \"shim: $0 $*\"\n");
        program("tollgated", "#!/bin/sh\n. \"$2/daemon.sh\"\n");
        folder
    });
    folder.path()
}

/// One root with a fake daemon.
pub(crate) struct Fake {
    pub(crate) root: TempDir,
    told: Receiver<Told>,
    tell: Sender<Told>,
    links: Arc<Mutex<Vec<UnixStream>>>,
    opened: Arc<AtomicUsize>,
}

impl Fake {
    /// A root where nobody listens yet.
    pub(crate) fn silent() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("run")).unwrap();
        let (tell, told) = channel();
        Self { root, told, tell, links: Arc::default(), opened: Arc::default() }
    }

    /// A root whose daemon opens sessions.
    pub(crate) fn new() -> Self {
        let fake = Self::silent();
        fake.listen(Manner::Friendly);
        fake
    }

    pub(crate) fn admin(&self) -> PathBuf {
        self.root.path().join("run/admin")
    }

    /// The folder of all sessions.
    pub(crate) fn sessions(&self) -> PathBuf {
        self.root.path().join("state/sessions")
    }

    /// The folder of the first session.
    pub(crate) fn folder(&self) -> PathBuf {
        self.sessions().join(SESSION)
    }

    /// Listens, on a fresh socket.
    pub(crate) fn listen(&self, manner: Manner) {
        let fresh = self.root.path().join("run/admin.new");
        let listener = UnixListener::bind(&fresh).unwrap();
        fs::rename(&fresh, self.admin()).unwrap();
        let server = Server {
            manner,
            root: self.root.path().to_owned(),
            opened: self.opened.clone(),
            tell: self.tell.clone(),
            links: self.links.clone(),
        };
        thread::spawn(move || {
            for stream in listener.incoming() {
                let server = server.clone();
                thread::spawn(move || server.serve(stream.unwrap()));
            }
        });
    }

    /// Breaks every session's link, as the daemon's death does.
    pub(crate) fn break_links(&self) {
        for link in self.links.lock().unwrap().drain(..) {
            let _ = link.shutdown(std::net::Shutdown::Both);
        }
    }

    /// The next thing that it was told.
    pub(crate) fn told(&self) -> Told {
        self.told.recv_timeout(PATIENCE).unwrap()
    }

    /// `tollgate run --root ROOT --tools terraform -- COMMAND...`
    pub(crate) fn run(&self, command: &[&str]) -> Command {
        let mut run = Command::new(programs().join("tollgate"));
        run.arg("run").arg("--root").arg(self.root.path()).args(["--tools", "cat", "--"]).args(command);
        run.env_remove("TOLLGATE_SESSION").stdin(Stdio::null());
        run
    }
}

/// What serves one listener.
#[derive(Clone)]
struct Server {
    manner: Manner,
    root: PathBuf,
    opened: Arc<AtomicUsize>,
    tell: Sender<Told>,
    links: Arc<Mutex<Vec<UnixStream>>>,
}

impl Server {
    fn serve(&self, mut stream: UnixStream) {
        let ask = read_frame::<Ask>(&mut stream).unwrap().unwrap();
        match (&ask, self.manner) {
            (Ask::OpenSession { id, .. }, Manner::Friendly) => {
                let session = self.session(id.as_deref());
                self.links.lock().unwrap().push(stream.try_clone().unwrap());
                let _ = self.tell.send(Told::Opened(ask));
                write_frame(&mut stream, &session).unwrap();
                let _ = stream.read(&mut [0]);
                let _ = self.tell.send(Told::Closed);
            }
            (Ask::OpenSession { .. }, Manner::Refusing) => {
                write_frame(&mut stream, &Reply::Refused { message: "not today".into() }).unwrap();
            }
            _ => write_frame(&mut stream, &Reply::Done {}).unwrap(),
        }
    }

    fn session(&self, id: Option<&str>) -> Reply {
        let fresh = || match self.opened.fetch_add(1, Ordering::Relaxed) {
            0 => SESSION.to_owned(),
            before => format!("{SESSION}-{}", before + 1),
        };
        let id = id.map_or_else(fresh, str::to_owned);
        let folder = self.root.join("state/sessions").join(&id).display().to_string();
        Reply::Session { id, gate: self.root.join("run/gate").display().to_string(), folder }
    }
}
