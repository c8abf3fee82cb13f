//! The sockets: made safely, served until the daemon stops.
//!
//! A socket is 0600 in a folder that is 0700 and ours. One that is left from a
//! daemon that died is taken over; one that answers is not.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use interprocess::local_socket::tokio::Listener as LocalListener;
use interprocess::local_socket::traits::tokio::Listener as _;
use interprocess::local_socket::{GenericFilePath, ListenerOptions, ToFsName, tokio::Stream};
use interprocess::os::unix::local_socket::ListenerOptionsExt;
use interprocess::os::unix::uds_local_socket::tokio::Listener as UdsListener;
use tokio::net::UnixStream;
use tollgate_audit::{Entry, Kind};
use tollgate_wire::exit;
use tollgate_wire::message::End;

use crate::admin;
use crate::caller::Caller;
use crate::channel::Channel;
use crate::gate::Gate;
use crate::pipeline;
use crate::request::{self, Listener};
use crate::service::Service;
use crate::sys::peer::Peer;

/// A socket that listens.
#[derive(Debug)]
pub(crate) struct Socket(LocalListener);

/// Why a socket does not listen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Somebody answers there.
    #[error("another daemon answers at `{}`", .0.display())]
    Taken(PathBuf),
    /// What is there is not a socket.
    #[error("`{}` is in the way and is no socket: remove it", .0.display())]
    InTheWay(PathBuf),
    /// It cannot be made.
    #[error("cannot listen at `{}`: {}", .0.display(), .1)]
    Listen(PathBuf, #[source] io::Error),
    /// Its folder cannot be used.
    #[error(transparent)]
    Folder(#[from] tollgate_places::Error),
}

/// Who made a socket, and so removes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The service manager: it stays, and whoever connects waits for the next daemon.
    Service,
    /// This daemon.
    Us,
}

/// The service manager's socket at `path`; our own where it holds none.
pub(crate) fn open(path: &Path, service: &Service) -> Result<(Socket, Owner), Error> {
    match service.socket(path) {
        Some(held) => Ok((taken(path, held)?, Owner::Service)),
        None => Ok((listen(path)?, Owner::Us)),
    }
}

/// A session's socket: the one that the service manager has kept over a restart, or a
/// new one for it to keep.
pub(crate) fn of_session(gate: &Gate, id: &str) -> Result<Socket, Error> {
    let path = gate.places.session_gate(id);
    let is_there = std::fs::symlink_metadata(&path).is_ok_and(|found| found.file_type().is_socket());
    match gate.service.session(id) {
        Some(kept) if is_there => return taken(&path, kept),
        // Nobody reaches it any more.
        Some(_) => gate.service.drop_session(id),
        None => {}
    }
    let socket = listen(&path)?;
    let LocalListener::UdSocket(listening) = &socket.0;
    gate.service.keep_session(id, listening.as_fd());
    Ok(socket)
}

fn taken(path: &Path, held: OwnedFd) -> Result<Socket, Error> {
    let held = UdsListener::try_from(held).map_err(|cause| Error::Listen(path.to_owned(), cause))?;
    Ok(Socket(LocalListener::UdSocket(held)))
}

/// Listens at `path`, with nobody but this user able to connect.
pub(crate) fn listen(path: &Path) -> Result<Socket, Error> {
    let failed = |cause| Error::Listen(path.to_owned(), cause);
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(failed(io::ErrorKind::InvalidInput.into()));
    };
    tollgate_places::private_folder(folder)?;
    // A socket's address holds 107 bytes; through the opened folder any path fits.
    let folder = std::fs::File::open(folder).map_err(failed)?;
    let short = PathBuf::from(format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name);
    take_over(path, &short)?;
    let name = short.as_os_str().to_fs_name::<GenericFilePath>().map_err(failed)?;
    let options = ListenerOptions::new().name(name).mode(0o600).reclaim_name(false);
    options.create_tokio().map(Socket).map_err(failed)
}

/// Removes a socket that nobody answers any more.
fn take_over(path: &Path, short: &Path) -> Result<(), Error> {
    let found = match std::fs::symlink_metadata(short) {
        Ok(found) => found,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(cause) => return Err(Error::Listen(path.to_owned(), cause)),
    };
    if !found.file_type().is_socket() {
        return Err(Error::InTheWay(path.to_owned()));
    }
    if std::os::unix::net::UnixStream::connect(short).is_ok() {
        return Err(Error::Taken(path.to_owned()));
    }
    std::fs::remove_file(short).map_err(|cause| Error::Listen(path.to_owned(), cause))
}

/// Serves shims on a socket.
pub(crate) async fn gate(house: Arc<Gate>, socket: Socket, listener: Listener) {
    loop {
        let Some((stream, peer)) = accept(&socket).await else { continue };
        let connected = Counted::new(&house.connections.open);
        tokio::spawn(command(Arc::clone(&house), stream, peer, listener.clone(), connected));
    }
}

/// Serves the admin door.
pub(crate) async fn admin(house: Arc<Gate>, socket: Socket) {
    loop {
        let Some((stream, peer)) = accept(&socket).await else { continue };
        tokio::spawn(admin::serve(Arc::clone(&house), stream, peer));
    }
}

/// The next connection of our own user; others are closed unheard.
async fn accept(socket: &Socket) -> Option<(UnixStream, Peer)> {
    let stream: UnixStream = match socket.0.accept().await {
        Ok(Stream::UdSocket(stream)) => stream.into(),
        Err(cause) => {
            // Out of descriptors, for one: let those that run give some back.
            tracing::error!(%cause, "cannot accept a connection");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            return None;
        }
    };
    let peer = Peer::of(&stream).ok()?;
    if peer.uid == nix::unistd::geteuid().as_raw() {
        return Some((stream, peer));
    }
    tracing::warn!(uid = peer.uid, "a connection of another user was closed");
    None
}

/// How many shims are being served, and for how many of them a tool runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connections {
    open: Arc<AtomicUsize>,
    relayed: Arc<AtomicUsize>,
}

/// Counts one, until dropped.
pub(crate) struct Counted(Arc<AtomicUsize>);

impl Connections {
    /// How many have nothing that runs yet.
    pub(crate) fn waiting(&self) -> usize {
        self.open.load(Ordering::Relaxed).saturating_sub(self.relayed.load(Ordering::Relaxed))
    }

    /// One whose tool runs, from here on.
    pub(crate) fn relayed(&self) -> Counted {
        Counted::new(&self.relayed)
    }
}

impl Counted {
    fn new(counter: &Arc<AtomicUsize>) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counter))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One shim's connection: its request, through the line.
async fn command(house: Arc<Gate>, stream: UnixStream, peer: Peer, listener: Listener, _connected: Counted) {
    let channel = Channel::new(stream);
    match request::receive(&channel).await {
        Ok(None) => {}
        Ok(Some(request)) => pipeline::run(&house, request(Caller::new(channel, peer), listener)).await,
        Err(cause) => {
            tracing::warn!(%cause, pid = peer.pid, "a request could not be read");
            let entry = Entry {
                uid: Some(peer.uid),
                pid: u32::try_from(peer.pid).ok(),
                ..Entry::about_us(Kind::RefusedAttempt, format!("a request could not be read: {cause}"))
            };
            if let Err(cause) = house.record(entry).await {
                tracing::error!(%cause, "an unreadable request could not be recorded");
            }
            let caller = Caller::new(channel, peer);
            let line = r#"tollgate: {"v":1,"verdict":"none","reason":"gate","retry":true}"#;
            // Whoever sent this may not be listening.
            let _ = caller.say(&format!("tollgate: the request cannot be read: {cause}\n{line}\n")).await;
            let _ = caller.end(End::Exited(exit::GATE)).await;
        }
    }
}
