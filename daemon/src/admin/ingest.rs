//! Other recorders' lines, into the same chain.
//!
//! Each is a JSON object on a line; it becomes a foreign record under the recorder's
//! name, with secrets scrubbed and a keyed digest of the line as it came. Nobody
//! inside a session may add any: an agent would write its own story. Not here: what
//! foreign records mean.

use serde_json::Value;
use tollgate_admin::{Lines, MAX_FOREIGN, Reply};
use tollgate_audit::{Entry, Kind};
use tollgate_policies::scrub;
use tollgate_wire::frame;

use super::reply;
use crate::ancestry;
use crate::channel::{Channel, Error};
use crate::gate::Gate;
use crate::sys::peer::Peer;

/// Takes lines under this name until the recorder has no more.
pub(super) async fn serve(gate: &Gate, channel: &Channel, peer: &Peer, source: &str) -> Result<(), Error> {
    if let Err(why) = admit(gate, peer, source) {
        let entry = Entry {
            uid: Some(peer.uid),
            pid: u32::try_from(peer.pid).ok(),
            ..Entry::about_us(Kind::RefusedAttempt, format!("records of another recorder were refused: {why}"))
        };
        if let Err(cause) = gate.record(entry).await {
            tracing::error!(%cause, "a refused recorder could not be recorded");
        }
        return reply(channel, &Reply::Refused { message: why }).await;
    }
    reply(channel, &Reply::Done {}).await?;
    let mut recorder = Recorder { gate, peer, source, begun: String::new(), taken: 0 };
    while let Some(frame) = channel.receive().await? {
        if frame.kind != frame::Kind::Json {
            return Ok(());
        }
        let answer = match recorder.take(&frame.body).await {
            Ok(last) => Reply::Ingested { records: recorder.taken, last },
            Err(message) => Reply::Failed { message },
        };
        let failed = matches!(answer, Reply::Failed { .. });
        reply(channel, &answer).await?;
        if failed {
            return Ok(());
        }
    }
    Ok(())
}

fn admit(gate: &Gate, peer: &Peer, source: &str) -> Result<(), String> {
    match peer.chain().map(|chain| ancestry::nearest(gate, &chain)) {
        Ok(None) if peer.is_alive() => {}
        Ok(None) | Err(_) => return Err("it cannot be told where the recorder stands".to_owned()),
        Ok(Some(above)) => return Err(format!("a recorder may not stand inside a session ({above})")),
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
    if source.is_empty() || source.len() > 64 || !source.bytes().all(fits) {
        return Err("a recorder's name is 1 to 64 letters, digits or any of `-_.@`".to_owned());
    }
    Ok(())
}

/// One recorder's connection.
struct Recorder<'a> {
    gate: &'a Gate,
    peer: &'a Peer,
    source: &'a str,
    /// The start of a line that goes on in the next frame.
    begun: String,
    /// Records so far.
    taken: u64,
}

impl Recorder<'_> {
    /// Records a frame's lines; the number of the last record.
    async fn take(&mut self, body: &[u8]) -> Result<Option<u64>, String> {
        let Lines { lines, more } = serde_json::from_slice(body).map_err(|cause| cause.to_string())?;
        let count = lines.len();
        let mut entries = Vec::new();
        for (at, line) in lines.into_iter().enumerate() {
            self.begun.push_str(&line);
            if self.begun.len() > MAX_FOREIGN {
                return Err(format!("line {} is longer than {MAX_FOREIGN} bytes", self.taken + at as u64 + 1));
            }
            if more && at + 1 == count {
                break;
            }
            let line = std::mem::take(&mut self.begun);
            let entry = self.entry(&line);
            entries.push(entry.map_err(|what| format!("line {}: {what}", self.taken + at as u64 + 1)));
        }
        // What comes before a wrong line is recorded all the same.
        let wrong = entries.iter().position(Result::is_err);
        let rest = wrong.map(|at| entries.split_off(at));
        let good: Vec<Entry> = entries.into_iter().filter_map(Result::ok).collect();
        let count = good.len() as u64;
        let last = self.gate.record_all(good).await;
        let last = last.map_err(|cause| format!("the audit cannot be written: {cause}"))?;
        self.taken += count;
        match rest.and_then(|rest| rest.into_iter().next()) {
            Some(Err(what)) => Err(format!("{what}; the {} lines before it are recorded", self.taken)),
            _ => Ok(last.map(|receipt| receipt.seq)),
        }
    }

    fn entry(&self, line: &str) -> Result<Entry, String> {
        let value: Value = serde_json::from_str(line).map_err(|cause| format!("this is no JSON: {cause}"))?;
        if !value.is_object() {
            return Err("this is no JSON object".to_owned());
        }
        Ok(Entry {
            door: Some("ingest".to_owned()),
            uid: Some(self.peer.uid),
            pid: u32::try_from(self.peer.pid).ok(),
            source: Some(self.source.to_owned()),
            foreign: Some(scrubbed("", value)),
            foreign_hash: Some(self.gate.keys.hashing.digest([line.as_bytes()])),
            ..Entry::of(Kind::Foreign, ulid::Ulid::generate().to_string())
        })
    }
}

/// A value without the secrets that its names and shapes give away.
fn scrubbed(name: &str, value: Value) -> Value {
    match value {
        Value::String(text) => {
            let scrubbed = scrub::variable(name.as_bytes(), text.as_bytes());
            Value::String(String::from_utf8_lossy(&scrubbed).into_owned())
        }
        Value::Array(values) => values.into_iter().map(|value| scrubbed(name, value)).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name.clone(), scrubbed(&name, value))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_by_name_and_by_shape_and_the_rest_stays() {
        let line = r#"{"verb":"create","n":1.5,"spec":{"password":"hunter2","items":["AKIAIOSFODNN7EXAMPLE",null]}}"#;
        let scrubbed = scrubbed("", serde_json::from_str(line).unwrap());
        assert_eq!((&scrubbed["verb"], &scrubbed["n"]), (&"create".into(), &1.5.into()));
        let text = scrubbed.to_string();
        assert!(!text.contains("hunter2") && !text.contains("AKIAIOSFODNN7EXAMPLE"), "{text}");
    }
}
