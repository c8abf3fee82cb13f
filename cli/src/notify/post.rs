//! A webhook: posted, signed, and tried again.
//!
//! The signature is HMAC-SHA256 over `TIMESTAMP.BODY` with the secret, so that whoever
//! receives it can tell that it is ours, whole and fresh. Each try is signed anew and
//! has the question's id, by which one that comes twice is known. Redirects are not
//! followed: what is posted tells of commands.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tollgate_policies::show;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

use super::News;
use super::shape::Shape;
use crate::error::Error;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a question is tried at most.
const TRIES: u32 = 8;
/// Before the second try; doubled for each one after it.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest that is waited before the next try.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Bytes of a secret.
const SECRET: std::ops::RangeInclusive<usize> = 16..=1024;

/// One address.
pub(super) struct Hook {
    agent: ureq::Agent,
    address: String,
    shape: Shape,
    secret: Option<Vec<u8>>,
}

/// The secret of a file that belongs to this user alone, without the line's end.
pub(super) fn secret(path: &Path) -> Result<Vec<u8>, Error> {
    let wrong = |source: io::Error| Error::File { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(wrong)?;
    if file.metadata().map_err(wrong)?.mode() & 0o077 != 0 {
        return Err(wrong(io::Error::other("others may read or write it: `chmod 600` it")));
    }
    let mut secret = Vec::new();
    Read::by_ref(&mut file).take(4096).read_to_end(&mut secret).map_err(wrong)?;
    let secret = secret.trim_ascii().to_vec();
    if SECRET.contains(&secret.len()) {
        Ok(secret)
    } else {
        Err(wrong(io::Error::other("a secret has 16 to 1024 bytes")))
    }
}

impl Hook {
    pub(super) fn new(address: &str, shape: Shape, secret: Option<Vec<u8>>) -> Result<Self, Error> {
        if !address.starts_with("http://") && !address.starts_with("https://") {
            return Err(Error::Webhook(address.to_owned()));
        }
        let tls = TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(RootCerts::PlatformVerifier).build();
        let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).tls_config(tls);
        let config = config.http_status_as_error(false).max_redirects(0).max_redirects_will_error(false).build();
        Ok(Self { agent: config.new_agent(), address: address.to_owned(), shape, secret })
    }

    /// Posts until it is taken, given up, or nobody can answer any more.
    pub(super) fn tell(&self, news: &News) -> Result<(), Error> {
        self.tell_from(news, FIRST_WAIT)
    }

    fn tell_from(&self, news: &News, first_wait: Duration) -> Result<(), Error> {
        let id = &news.question.id;
        let body = self.shape.body(&news.question).map_err(|error| self.failed(id, &error.to_string()))?;
        let mut wait = first_wait;
        let mut why = String::new();
        for tried in 0..TRIES {
            if tried > 0 {
                std::thread::sleep(wait);
                wait = (wait * 2).min(LONGEST_WAIT);
            }
            if Instant::now() >= news.until {
                return Err(self.failed(id, &format!("the question's time is over; the last try: {why}")));
            }
            match self.post(id, &body) {
                Ok(200..=299) => return Ok(()),
                Ok(status @ (408 | 425 | 429 | 500..=599)) => why = format!("it answered with status {status}"),
                Ok(status) => return Err(self.failed(id, &format!("it answered with status {status}"))),
                Err(error) => why = error.to_string(),
            }
        }
        Err(self.failed(id, &format!("tried {TRIES} times: {why}")))
    }

    fn post(&self, id: &str, body: &[u8]) -> Result<u16, ureq::Error> {
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
        let mut request = self.agent.post(&self.address).header("content-type", "application/json");
        request = request.header("x-tollgate-id", id).header("x-tollgate-timestamp", &time);
        if let Some(signature) = self.secret.as_ref().and_then(|secret| signature(secret, &time, body)) {
            request = request.header("x-tollgate-signature", signature);
        }
        Ok(request.send(body)?.status().as_u16())
    }

    /// The address may hold a secret in its path, so only its host is said.
    fn failed(&self, id: &str, why: &str) -> Error {
        let host = self.address.split('/').nth(2).unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        Error::Notify { place: format!("the webhook at `{host}`"), why: format!("question {id}: {why}") }
    }
}

/// `v1=` and the hex digits.
fn signature(secret: &[u8], time: &str, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(format!("v1={}", show::hex(&mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests;
