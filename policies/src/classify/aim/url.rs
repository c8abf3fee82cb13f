//! Where a URL leads: its scheme, host and port.
//!
//! Read as curl and wget do it: without a scheme it is `http`. What is not plainly
//! a host's name is unknown.
//! Deliberately not here: asking a name server, and which hosts are one's own (a policy says).

use std::borrow::Cow;

use super::super::grammar::Part;
use super::super::parse::Argument;
use super::{ARGUMENT, MOST, Values, more_than};
use crate::Value;
use crate::target::is_loopback;

/// More URLs than anybody gives one command: they are not looked at one by one.
const MOST_READ: usize = 256;

/// This part of each URL, each answer once.
pub(super) fn values(part: Part, urls: Option<&[Address<'_>]>) -> Values {
    let Some(urls) = urls else {
        return more_than(MOST_READ);
    };
    let mut values = Values::new();
    for address in urls {
        if values.len() >= MOST {
            return more_than(MOST);
        }
        let value = match &address.url {
            Some(url) => url.part(part),
            None => Some(Value::unknown("it is no plain URL")),
        };
        if let Some(value) = value
            && !values.contains(&value)
        {
            values.push(value);
        }
    }
    values
}

/// One URL, as far as it can be read.
pub(crate) struct Address<'u> {
    /// None where that cannot be told.
    pub scheme: Option<Cow<'u, str>>,
    url: Option<Url<'u>>,
}

impl<'u> Address<'u> {
    /// Each of these; none where they are too many.
    pub(crate) fn all(operands: &[Argument<'u>]) -> Option<Vec<Self>> {
        (operands.len() <= MOST_READ).then(|| operands.iter().map(|operand| Self::read(operand.bytes)).collect())
    }

    fn read(url: &'u [u8]) -> Self {
        Self { scheme: scheme(url), url: Url::read(url) }
    }

    /// Its host; a number is written as an address (`inet_aton(3)`).
    pub(crate) fn host(&self) -> Option<String> {
        self.url.as_ref().map(Url::address)
    }
}

/// The scheme that a URL has, or `http` where it has none; nothing where that cannot be
/// told, as where a glob stands before its path (curl(1), URL). One slash is enough.
fn scheme(url: &[u8]) -> Option<Cow<'_, str>> {
    let url = std::str::from_utf8(url).ok()?;
    let letters = |text: &str| {
        let mut bytes = text.bytes();
        bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    let before = url.split_once('/').map_or(url, |(before, _)| before);
    match before.strip_suffix(':').filter(|scheme| url.contains('/') && letters(scheme)) {
        Some(scheme) => Some(lower(scheme)),
        None if before.eq_ignore_ascii_case("file:") => Some(Cow::Borrowed("file")),
        None => {
            let odd = |byte: u8| b"{}[]\\".contains(&byte) || byte <= b' ';
            (!before.bytes().any(odd)).then_some(Cow::Borrowed("http"))
        }
    }
}

fn lower(text: &str) -> Cow<'_, str> {
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

/// An IPv4 address in any of the ways that `inet_aton(3)` takes.
fn number(host: &str) -> Option<std::net::Ipv4Addr> {
    let part = |text: &str| match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None if text.len() > 1 && text.starts_with('0') => u32::from_str_radix(text, 8).ok(),
        None => text.parse().ok(),
    };
    let parts: Vec<u32> = host.split('.').map(part).collect::<Option<_>>()?;
    let (last, first) = parts.split_last().filter(|(_, first)| first.len() < 4)?;
    let mut address = *last;
    for (at, byte) in first.iter().enumerate() {
        address |= byte.checked_shl(24 - 8 * u32::try_from(at).ok()?)?;
    }
    Some(std::net::Ipv4Addr::from(address))
}

struct Url<'u> {
    scheme: Cow<'u, str>,
    /// Lower case; empty for `file`.
    host: Cow<'u, str>,
    port: Option<&'u str>,
}

impl<'u> Url<'u> {
    fn read(url: &'u [u8]) -> Option<Self> {
        let url = std::str::from_utf8(url).ok()?;
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let scheme = lower(scheme);
        let letters = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        if scheme == "file" {
            return Some(Self { scheme, host: Cow::Borrowed(""), port: None });
        }
        let authority = rest.split(['/', '?', '#']).next()?;
        let (_, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (host, port) = match place.strip_prefix('[') {
            Some(six) => {
                let end = six.find(']')? + 2;
                let (host, after) = place.split_at_checked(end)?;
                (host, after.strip_prefix(':'))
            }
            None => match place.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            },
        };
        let name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
        let plain = !host.is_empty() && host.bytes().all(name) && authority.bytes().all(|byte| byte.is_ascii_graphic());
        let digits = port.is_none_or(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
        let odd = authority.contains(['\\', '{', '}', '%']);
        let port = port.filter(|port| !port.is_empty());
        (letters && plain && digits && !odd).then(|| Self { scheme, host: lower(host), port })
    }

    fn address(&self) -> String {
        let host = self.host.trim_end_matches('.');
        let address = host.trim_start_matches('[').trim_end_matches(']');
        match address.parse::<std::net::Ipv6Addr>() {
            Ok(six) => six.to_ipv4_mapped().map_or_else(|| six.to_string(), |four| four.to_string()),
            Err(_) => number(host).map_or_else(|| host.to_owned(), |four| four.to_string()),
        }
    }

    fn part(&self, part: Part) -> Option<Value> {
        let known = |value: &str, source| Value::known(value, source);
        match part {
            Part::Scheme => Some(known(&self.scheme, ARGUMENT)),
            Part::Host | Part::Network if self.host.is_empty() => None,
            Part::Network if is_loopback(self.host.as_bytes()) => Some(known("internal", "default")),
            Part::Network => Some(known("external", "default")),
            Part::Host => Some(known(&self.host, ARGUMENT)),
            Part::Port => match (self.port, usual(&self.scheme)) {
                (Some(port), _) => Some(known(port, ARGUMENT)),
                (None, Some(port)) => Some(known(port, "default")),
                (None, None) if self.scheme == "file" => None,
                (None, None) => Some(Value::unknown("the scheme has no port that is known here")),
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
        let part = |part| match values(part, Some(&[Address::read(url.as_bytes())])).first() {
            None => "-".to_owned(),
            Some(Value::Known { value, .. }) => String::from_utf8(value.to_vec()).unwrap(),
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
    fn a_person_looks_at_so_many_hosts_and_no_more() {
        let told = |hosts: usize, times: usize| {
            let urls: Vec<String> = (0..hosts * times).map(|n| format!("h{}", n % hosts)).collect();
            let urls: Vec<Address<'_>> = urls.iter().map(|url| Address::read(url.as_bytes())).collect();
            values(Part::Host, Some(&urls)).len()
        };
        assert_eq!((told(64, 1), told(65, 1), told(3, 80)), (64, 1, 3));
    }

    #[test]
    fn a_scheme_is_told_where_no_glob_can_be_one() {
        for (url, wanted) in [
            ("fIle:///etc/passwd", "file"),
            ("file:/etc/passwd", "file"),
            ("HTTPS://a/{b,c}", "https"),
            ("a.example/?u=file:///x", "http"),
            ("localhost:8080", "http"),
            ("{file,x}:///y", "?"),
            ("fil{e:,x}/y", "?"),
            ("[f-f]ile:///y", "?"),
            (" file:///y", "?"),
        ] {
            assert_eq!(scheme(url.as_bytes()).as_deref().unwrap_or("?"), wanted, "{url}");
        }
    }

    #[test]
    fn a_host_is_the_same_however_its_number_is_written() {
        for url in [
            "169.254.169.254",
            "http://2852039166/x",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "169.254.43518",
            "http://[::ffff:a9fe:a9fe]/",
        ] {
            assert_eq!(Address::read(url.as_bytes()).host().as_deref(), Some("169.254.169.254"), "{url}");
        }
        assert_eq!(Address::read(b"http://A.example./").host().as_deref(), Some("a.example"));
    }

    #[test]
    fn what_is_no_plain_host_is_unknown() {
        for url in ["http://good\\@bad/", "http://{a,b}.x/", "http://a%2eb/", "http:///", "http://a:x/", ""] {
            assert_eq!(shown(url), "? ? ?", "{url}");
        }
    }
}
