//! Sending to a collector over TLS: to one whose authority was named, and to no other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::{Ran, Sandbox};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::builder;

/// An authority of the test's own.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// A collector that this authority vouches for under `name`; where it listens, and the
/// numbers of the records that it took.
fn collector(authority: &CertifiedIssuer<'static, KeyPair>, name: &str) -> (String, Arc<Mutex<Vec<u64>>>) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let taken = Arc::new(Mutex::new(Vec::new()));
    let numbers = Arc::clone(&taken);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            // Whoever does not trust it goes away.
            if let Some(more) = serve(StreamOwned::new(connection, stream.unwrap())) {
                numbers.lock().unwrap().extend(more);
            }
        }
    });
    (address, taken)
}

/// Takes one request; the numbers of its records.
fn serve(mut stream: impl Read + Write) -> Option<Vec<u64>> {
    let mut lines = BufReader::new(&mut stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok()?;
    let body: serde_json::Value = serde_json::from_slice(&body).ok()?;
    let records = body["resourceLogs"][0]["scopeLogs"][0]["logRecords"].as_array()?;
    let number = |record: &serde_json::Value| {
        let line: serde_json::Value = record["body"]["stringValue"].as_str()?.parse().ok()?;
        line["seq"].as_u64()
    };
    let numbers = records.iter().map(number).collect::<Option<_>>()?;
    let answer =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
    stream.write_all(answer.as_bytes()).and_then(|()| stream.flush()).ok()?;
    Some(numbers)
}

fn export(sandbox: &Sandbox, endpoint: &str, more: &[&str]) -> Ran {
    let mut command = sandbox.tollgate(&["audit", "export", "otlp", "--endpoint", endpoint]);
    command.args(more).arg("--root").arg(sandbox.path("root"));
    sandbox.run_command(command, Duration::from_secs(90))
}

/// Told at once, and with the reason.
fn refused(ran: &Ran) -> bool {
    ran.code() == Some(1) && ran.stderr_text().contains("certificate")
}

#[test]
fn records_go_over_tls_to_a_collector_of_the_named_authority_alone() {
    let mut sandbox = builder().start();
    assert_eq!(sandbox.gated("probe exit 3").code(), Some(3));
    sandbox.daemon().stop();
    let last = sandbox.audit().last().unwrap()["seq"].as_u64().unwrap();
    let (ours, theirs) = (authority(), authority());
    let ca = sandbox.path("ca.pem");
    std::fs::write(&ca, ours.pem()).unwrap();
    let ca = ["--ca", ca.to_str().unwrap()];

    let (elsewhere, stolen) = collector(&theirs, "localhost");
    let ran = export(&sandbox, &elsewhere, &ca);
    assert!(refused(&ran), "{ran:?}");
    let (misnamed, also) = collector(&ours, "collector.example");
    let ran = export(&sandbox, &misnamed, &ca);
    assert!(refused(&ran), "{ran:?}");
    let (unnamed, taken) = collector(&ours, "localhost");
    let ran = export(&sandbox, &unnamed, &[]);
    assert!(refused(&ran), "the system's authorities do not vouch for it: {ran:?}");
    assert!([&stolen, &also, &taken].iter().all(|taken| taken.lock().unwrap().is_empty()));

    let ran = export(&sandbox, &unnamed, &ca);
    assert_eq!(ran.code(), Some(0), "{ran:?}");
    assert_eq!(*taken.lock().unwrap(), (1..=last).collect::<Vec<_>>());
}
