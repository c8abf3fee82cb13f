//! A webhook against a receiver on loopback.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::thread::JoinHandle;

use super::*;
use crate::notify::shape::tests::question;

/// One request as it came.
struct Request {
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// Answers one connection with each status, and gives back what came.
fn receiver(statuses: &'static [u16]) -> (String, JoinHandle<Vec<Request>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook/s3cret", listener.local_addr().unwrap());
    let serve = move |status: &u16| {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let mut headers = BTreeMap::new();
        for line in reader.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty()) {
            if let Some((name, value)) = line.split_once(": ") {
                headers.insert(name.to_lowercase(), value.to_owned());
            }
        }
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        let answer = format!(
            "HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        reader.get_mut().write_all(answer.as_bytes()).unwrap();
        Request { headers, body }
    };
    (address, std::thread::spawn(move || statuses.iter().map(serve).collect()))
}

fn news() -> News {
    News { question: question(), until: Instant::now() + Duration::from_secs(60) }
}

fn hook(address: &str) -> Hook {
    Hook::new(address, Shape::Generic, Some(b"0123456789abcdef".to_vec())).unwrap()
}

const AT_ONCE: Duration = Duration::from_millis(1);

#[test]
fn what_is_posted_is_signed_and_tried_again_until_it_is_taken() {
    let (address, received) = receiver(&[503, 429, 200]);
    hook(&address).tell_from(&news(), AT_ONCE).unwrap();
    let received = received.join().unwrap();
    assert_eq!(received.len(), 3);
    for Request { headers, body } in received {
        assert_eq!(headers["x-tollgate-id"], "01JD");
        assert_eq!(body, Shape::Generic.body(&question()).unwrap());
        let signed = [headers["x-tollgate-timestamp"].as_bytes(), b".", &body].concat();
        let mac = Hmac::<Sha256>::new_from_slice(b"0123456789abcdef").unwrap().chain_update(signed);
        let hex = headers["x-tollgate-signature"].strip_prefix("v1=").unwrap();
        let bytes: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        mac.verify_slice(&bytes).unwrap();
    }
}

#[test]
fn a_signature_is_the_one_that_others_compute() {
    // printf '1.{}' | openssl dgst -sha256 -hmac key
    let known = "v1=1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224";
    assert_eq!(signature(b"key", "1", b"{}").as_deref(), Some(known));
}

#[test]
fn a_receiver_that_says_no_is_not_asked_again_and_nothing_follows_it_elsewhere() {
    for status in [&[400_u16], &[404], &[302]] {
        let (address, received) = receiver(status);
        let error = hook(&address).tell_from(&news(), AT_ONCE).unwrap_err().sentence();
        assert!(error.contains(&format!("status {}", status[0])) && !error.contains("s3cret"), "{error}");
        assert_eq!(received.join().unwrap().len(), 1);
    }
}

#[test]
fn nobody_is_told_of_a_question_whose_time_is_over() {
    let over = News { question: question(), until: Instant::now() };
    let error = hook("http://127.0.0.1:1/").tell_from(&over, AT_ONCE).unwrap_err().sentence();
    assert!(error.contains("time is over"), "{error}");
}

#[test]
fn a_receiver_that_never_answers_is_given_up() {
    let error = hook("http://127.0.0.1:1/").tell_from(&news(), AT_ONCE).unwrap_err().sentence();
    assert!(error.contains("tried 8 times"), "{error}");
}

#[test]
fn a_secret_that_others_may_read_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    for (text, mode, good) in [
        ("0123456789abcdef\n", 0o600, true),
        ("0123456789abcdef", 0o644, false),
        ("0123456789abcdef", 0o620, false),
        ("short", 0o600, false),
    ] {
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let read = secret(&path);
        assert_eq!(read.ok(), good.then(|| b"0123456789abcdef".to_vec()), "{text} {mode:o}");
    }
}
