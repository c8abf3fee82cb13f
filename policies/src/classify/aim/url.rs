//! Where a URL leads: its scheme, host and port.
//!
//! Read as curl and wget do it: without a scheme it is `http`. What is not plainly
//! a host's name is unknown.
//! Deliberately not here: asking a name server, and which hosts are one's own (a policy says).

use super::super::grammar::Part;
use crate::Value;
use crate::target::is_loopback;

/// This part of each URL, each answer once.
pub(super) fn values<'u>(part: Part, urls: impl Iterator<Item = &'u [u8]>) -> Vec<Value> {
    const MOST: usize = 64;
    let mut values = Vec::new();
    for url in urls {
        if values.len() >= MOST {
            return vec![Value::Unknown { reason: format!("more than {MOST} of them") }];
        }
        let value = match Url::read(url) {
            Some(url) => url.part(part),
            None => Some(Value::Unknown { reason: String::from("it is no plain URL") }),
        };
        values.extend(value.filter(|value| !values.contains(value)).into_iter().collect::<Vec<_>>());
    }
    values
}

struct Url {
    scheme: String,
    /// Lower case; empty for `file`.
    host: String,
    port: Option<String>,
}

impl Url {
    fn read(url: &[u8]) -> Option<Self> {
        let url = std::str::from_utf8(url).ok()?;
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let scheme = scheme.to_ascii_lowercase();
        let letters = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if scheme == "file" {
            return Some(Self { scheme, host: String::new(), port: None });
        }
        let authority = rest.split(['/', '?', '#']).next()?;
        let (_, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (host, port) = match place.strip_prefix('[') {
            Some(six) => {
                let (host, after) = six.split_once(']')?;
                (format!("[{host}]"), after.strip_prefix(':').filter(|_| !after.is_empty()))
            }
            None => match place.split_once(':') {
                Some((host, port)) => (host.to_owned(), Some(port)),
                None => (place.to_owned(), None),
            },
        };
        let name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
        let plain = !host.is_empty() && host.bytes().all(name) && authority.bytes().all(|byte| byte.is_ascii_graphic());
        let digits = port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        let odd = authority.contains(['\\', '{', '}', '%']);
        let (host, port) = (host.to_ascii_lowercase(), port.filter(|port| !port.is_empty()).map(str::to_owned));
        (letters && plain && digits && !odd).then_some(Self { scheme, host, port })
    }

    fn part(self, part: Part) -> Option<Value> {
        let known = |value: String, source: &str| Value::Known { value: value.into_bytes(), source: source.to_owned() };
        match part {
            Part::Scheme => Some(known(self.scheme, "argument")),
            Part::Host | Part::Network if self.host.is_empty() => None,
            Part::Network if is_loopback(self.host.as_bytes()) => Some(known("internal".to_owned(), "default")),
            Part::Network => Some(known("external".to_owned(), "default")),
            Part::Host => Some(known(self.host, "argument")),
            Part::Port => match (self.port, usual(&self.scheme)) {
                (Some(port), _) => Some(known(port, "argument")),
                (None, Some(port)) => Some(known(port.to_owned(), "default")),
                (None, None) if self.scheme == "file" => None,
                (None, None) => {
                    Some(Value::Unknown { reason: String::from("the scheme has no port that is known here") })
                }
            },
        }
    }
}

/// The port of a scheme, as curl(1) has them.
fn usual(scheme: &str) -> Option<&'static str> {
    Some(match scheme {
        "http" | "ws" => "80",
        "https" | "wss" => "443",
        "ftp" => "21",
        "ftps" => "990",
        "scp" | "sftp" => "22",
        "ldap" => "389",
        "ldaps" => "636",
        "smtp" => "25",
        "smtps" => "465",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> String {
        let part = |part| match values(part, std::iter::once(url.as_bytes())).first() {
            None => "-".to_owned(),
            Some(Value::Known { value, .. }) => String::from_utf8(value.clone()).unwrap(),
            Some(Value::Unknown { .. }) => "?".to_owned(),
        };
        format!("{} {} {}", part(Part::Scheme), part(Part::Host), part(Part::Port))
    }

    #[test]
    fn a_url_leads_where_the_tool_would_go() {
        assert_eq!(shown("https://Example.com/x"), "https example.com 443");
        assert_eq!(shown("example.com"), "http example.com 80");
        assert_eq!(shown("http://me:pw@host:8080/?a=b@c"), "http host 8080");
        assert_eq!(shown("http://[::1]:99/"), "http [::1] 99");
        assert_eq!(shown("file:///etc/passwd"), "file - -");
        assert_eq!(shown("gopher://h/"), "gopher h ?");
    }

    #[test]
    fn what_is_no_plain_host_is_unknown() {
        for url in ["http://good\\@bad/", "http://{a,b}.x/", "http://a%2eb/", "http:///", "http://a:x/", ""] {
            assert_eq!(shown(url), "? ? ?", "{url}");
        }
    }
}
