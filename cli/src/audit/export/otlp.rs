//! OTLP over HTTP with JSON, as the OpenTelemetry protocol's specification has it
//! (`opentelemetry.io/docs/specs/otlp`, version 1): log records to `/v1/logs`.
//!
//! Each carries `log.record.uid`, the record's hash: a batch whose answer was lost
//! is sent again, and that attribute tells a collector that it has it. A run's
//! records share the trace that its id is. 429, 502, 503 and 504 are tried again, as
//! the specification says; anything else is an error.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tollgate_audit::{Kind, Record};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider};

use crate::error::Error;

/// Most bytes of records in one request; a single one may have more.
const MOST: usize = 2 << 20;
/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a request is tried.
const TRIES: u32 = 6;
/// The longest that is waited before the next try.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Most bytes of an answer.
const ANSWER: u64 = 1 << 20;

/// Records for one request.
#[derive(Debug, Default)]
pub(super) struct Batch {
    records: Vec<Record>,
    bytes: usize,
}

impl Batch {
    pub(super) fn add(&mut self, record: Record) {
        self.bytes += record.text.len();
        self.records.push(record);
    }

    pub(super) fn is_full(&self, most: usize) -> bool {
        self.records.len() >= most || self.bytes >= MOST
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Number and hash of its last record.
    pub(super) fn last(&self) -> Option<(u64, String)> {
        self.records.last().map(|last| (last.seq, last.hash.clone()))
    }
}

/// Where records go.
pub(super) struct Collector {
    agent: ureq::Agent,
    address: String,
    headers: Vec<(String, String)>,
}

impl Collector {
    /// `endpoint` is the collector's root, or the whole address of its logs.
    pub(super) fn new(endpoint: &str, headers: &[String], ca: Option<&Path>) -> Result<Self, Error> {
        let good = endpoint.starts_with("http://") || endpoint.starts_with("https://");
        if !good {
            return Err(Error::Endpoint(endpoint.to_owned()));
        }
        let root = endpoint.trim_end_matches('/');
        let address = if root.ends_with("/v1/logs") { root.to_owned() } else { format!("{root}/v1/logs") };
        let headers = headers.iter().map(|header| self::header(header)).collect::<Result<_, _>>()?;
        let tls = TlsConfig::builder().provider(TlsProvider::Rustls).root_certs(roots(ca)?).build();
        let config = ureq::Agent::config_builder();
        let config = config.timeout_global(Some(PATIENCE)).http_status_as_error(false).tls_config(tls).build();
        Ok(Self { agent: config.new_agent(), address, headers })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Sends a batch, and returns when the collector has it.
    pub(super) fn send(&self, batch: &Batch) -> Result<(), Error> {
        let body = serde_json::to_vec(&request(&batch.records)).map_err(std::io::Error::from)?;
        let mut wait = Duration::from_millis(500);
        for last in (0..TRIES).rev() {
            let (status, after, answer) = match self.post(&body) {
                Ok(answered) => answered,
                Err(cause) if last == 0 || is_final(&cause) => return Err(self.failed(cause.to_string())),
                Err(_) => {
                    std::thread::sleep(wait);
                    wait = (wait * 2).min(LONGEST_WAIT);
                    continue;
                }
            };
            match status {
                200..=299 => return self.whole(&answer),
                429 | 502 | 503 | 504 if last > 0 => {
                    std::thread::sleep(after.unwrap_or(wait).min(LONGEST_WAIT));
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                _ => return Err(self.failed(format!("it answered with status {status}"))),
            }
        }
        Err(self.failed("it has no time".to_owned()))
    }

    /// Status, the wait that it asks for, and the answer.
    fn post(&self, body: &[u8]) -> Result<(u16, Option<Duration>, Vec<u8>), ureq::Error> {
        let mut request = self.agent.post(&self.address).header("content-type", "application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut answer = request.send(body)?;
        let after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let text = answer.body_mut().with_config().limit(ANSWER).read_to_vec()?;
        Ok((answer.status().as_u16(), after.map(Duration::from_secs), text))
    }

    /// A collector may take a part only, and say so.
    fn whole(&self, answer: &[u8]) -> Result<(), Error> {
        let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
        let Some(partial) = answer.get("partialSuccess") else { return Ok(()) };
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        let rejected = partial.get("rejectedLogRecords").and_then(number).unwrap_or(0);
        if rejected == 0 {
            return Ok(());
        }
        let why = partial.get("errorMessage").and_then(Value::as_str).unwrap_or_default();
        let why = tollgate_policies::show::text(why.as_bytes(), 200);
        Err(self.failed(format!("it rejected {rejected} records: {why}")))
    }

    fn failed(&self, why: String) -> Error {
        Error::Collector { address: self.address.clone(), why }
    }
}

/// Whether trying again cannot help: the collector is not who it should be.
fn is_final(cause: &ureq::Error) -> bool {
    match cause {
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => true,
        ureq::Error::Io(cause) => cause.kind() == std::io::ErrorKind::InvalidData,
        _ => false,
    }
}

/// `NAME=VALUE`, or `NAME=@FILE`.
fn header(text: &str) -> Result<(String, String), Error> {
    let (name, value) = text.split_once('=').ok_or_else(|| Error::Header(text.to_owned()))?;
    let Some(file) = value.strip_prefix('@') else { return Ok((name.to_owned(), value.to_owned())) };
    let read = std::fs::read_to_string(file).map_err(|source| Error::File { path: file.into(), source })?;
    Ok((name.to_owned(), read.trim().to_owned()))
}

fn roots(ca: Option<&Path>) -> Result<RootCerts, Error> {
    let Some(path) = ca else { return Ok(RootCerts::PlatformVerifier) };
    let wrong = |source: std::io::Error| Error::File { path: path.to_owned(), source };
    let text = std::fs::read(path).map_err(wrong)?;
    let items = ureq::tls::parse_pem(&text).collect::<Result<Vec<_>, _>>();
    let items = items.map_err(|cause| wrong(std::io::Error::other(cause)))?;
    let certificate = |item| match item {
        PemItem::Certificate(certificate) => Some(certificate),
        _ => None,
    };
    let found: Vec<Certificate<'static>> = items.into_iter().filter_map(certificate).collect();
    Ok(RootCerts::new_with_certs(&found))
}

fn request(records: &[Record]) -> Value {
    let records: Vec<Value> = records.iter().map(log_record).collect();
    json!({ "resourceLogs": [{
        "resource": { "attributes": [text("service.name", "tollgate")] },
        "scopeLogs": [{
            "scope": { "name": "tollgate.audit", "version": env!("CARGO_PKG_VERSION") },
            "logRecords": records,
        }],
    }]})
}

/// The body is the line itself; the attributes are what collectors filter by.
fn log_record(record: &Record) -> Value {
    let entry = &record.entry;
    let time = record.timestamp.as_nanosecond().to_string();
    let (number, severity) = severity(entry.kind);
    let texts = [
        ("tollgate.kind", Some(entry.kind.name())),
        ("tollgate.id", Some(entry.id.as_str())),
        ("tollgate.parent", entry.parent.as_deref()),
        ("tollgate.agent", entry.agent.as_deref()),
        ("tollgate.session", entry.session.as_deref()),
        ("tollgate.tool", entry.tool.as_deref()),
        ("tollgate.operation", entry.operation.as_deref()),
        ("tollgate.verdict", entry.decision.map(tollgate_audit::Decision::name)),
        ("tollgate.reason", entry.reason.as_deref()),
        ("tollgate.rule", entry.rule.as_deref()),
        ("tollgate.source", entry.source.as_deref()),
        ("log.record.uid", Some(record.hash.as_str())),
    ];
    let numbers = [
        ("tollgate.seq", i64::try_from(record.seq).ok()),
        ("tollgate.tier", entry.tier.map(i64::from)),
        ("tollgate.exit_code", entry.exit_code.map(i64::from)),
        ("tollgate.duration_ms", entry.duration_ms.and_then(|took| i64::try_from(took).ok())),
    ];
    let mut attributes: Vec<Value> = texts.into_iter().filter_map(|(name, value)| Some(text(name, value?))).collect();
    let number_of =
        |(name, value): (&str, Option<i64>)| Some(json!({ "key": name, "value": { "intValue": value?.to_string() } }));
    attributes.extend(numbers.into_iter().filter_map(number_of));
    let mut log = json!({
        "timeUnixNano": time,
        "observedTimeUnixNano": time,
        "severityNumber": number,
        "severityText": severity,
        "body": { "stringValue": record.text },
        "attributes": attributes,
    });
    if let (Some(trace), Some(log)) = (trace(&entry.id), log.as_object_mut()) {
        log.insert("traceId".to_owned(), trace.clone().into());
        log.insert("spanId".to_owned(), trace.chars().skip(16).collect::<String>().into());
    }
    log
}

fn text(name: &str, value: &str) -> Value {
    json!({ "key": name, "value": { "stringValue": value } })
}

/// As the data model numbers them: INFO 9, WARN 13, ERROR 17.
fn severity(kind: Kind) -> (u8, &'static str) {
    match kind {
        Kind::Refused | Kind::Expired | Kind::RefusedAnswer | Kind::RefusedAttempt | Kind::PolicyRefused => {
            (13, "WARN")
        }
        Kind::Gap | Kind::Interrupted | Kind::Recovered => (17, "ERROR"),
        _ => (9, "INFO"),
    }
}

/// A ULID's 128 bits as 32 small hexadecimal digits: Crockford's base 32.
fn trace(id: &str) -> Option<String> {
    const DIGITS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    if id.len() != 26 {
        return None;
    }
    let mut digits = id.chars().map(|letter| DIGITS.find(letter));
    let number = digits.try_fold(0u128, |number, digit| Some(number << 5 | digit? as u128))?;
    Some(format!("{number:032x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ulid_is_a_trace() {
        assert_eq!(trace("00000000000000000000000001").as_deref(), Some("00000000000000000000000000000001"));
        assert_eq!(trace("7ZZZZZZZZZZZZZZZZZZZZZZZZZ").as_deref(), Some(&*"f".repeat(32)));
        assert_eq!((trace("short"), trace("0000000000000000000000000U")), (None, None));
    }
}
