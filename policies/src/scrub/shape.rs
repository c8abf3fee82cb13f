//! Shapes by which tokens are known wherever they stand.

/// A token's beginning, the least number of characters after it, and which.
struct Shape {
    start: &'static [u8],
    least: usize,
    kind: fn(u8) -> bool,
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn dotted(byte: u8) -> bool {
    word(byte) || byte == b'.'
}

const fn shape(start: &'static [u8], least: usize, kind: fn(u8) -> bool) -> Shape {
    Shape { start, least, kind }
}

/// The vendors document these beginnings for scanners.
const SHAPES: [Shape; 34] = [
    shape(b"AKIA", 16, upper),
    shape(b"ASIA", 16, upper),
    shape(b"AIza", 30, word),
    shape(b"ya29.", 20, dotted),
    shape(b"ghp_", 20, word),
    shape(b"gho_", 20, word),
    shape(b"ghu_", 20, word),
    shape(b"ghs_", 20, word),
    shape(b"ghr_", 20, word),
    shape(b"github_pat_", 20, word),
    shape(b"glpat-", 16, word),
    shape(b"gldt-", 16, word),
    shape(b"glrt-", 16, word),
    shape(b"xoxa-", 10, word),
    shape(b"xoxb-", 10, word),
    shape(b"xoxp-", 10, word),
    shape(b"xoxr-", 10, word),
    shape(b"xoxs-", 10, word),
    shape(b"xapp-", 10, word),
    shape(b"sk-", 16, word),
    shape(b"sk_live_", 10, word),
    shape(b"sk_test_", 10, word),
    shape(b"rk_live_", 10, word),
    shape(b"npm_", 30, word),
    shape(b"pypi-", 30, word),
    shape(b"dop_v1_", 30, word),
    shape(b"hvs.", 20, dotted),
    shape(b"hvb.", 20, dotted),
    shape(b"SG.", 30, dotted),
    shape(b"dckr_pat_", 20, word),
    shape(b"hf_", 30, word),
    shape(b"AGE-SECRET-KEY-", 20, word),
    shape(b"LTAI", 16, word),
    shape(b"eyJ", 20, dotted),
];

/// The length of the token that starts here, if one does.
pub(super) fn token(bytes: &[u8]) -> Option<usize> {
    SHAPES.iter().find_map(|shape| {
        let rest = bytes.strip_prefix(shape.start)?;
        let length = rest.iter().take_while(|byte| (shape.kind)(**byte)).count();
        let web_token = shape.start == b"eyJ";
        let parts = !web_token || rest.get(..length)?.contains(&b'.');
        (length >= shape.least && parts).then_some(shape.start.len() + length)
    })
}

/// The length of the private key that starts here, to its end or the text's.
pub(super) fn private_key(bytes: &[u8]) -> Option<usize> {
    const END: &[u8] = b"-----END";
    let first = bytes.strip_prefix(b"-----BEGIN ")?;
    let header = first.get(..first.len().min(64)).unwrap_or_default();
    if !header.windows(7).any(|window| window == b"PRIVATE") {
        return None;
    }
    let end = bytes.windows(END.len()).position(|window| window == END);
    let after = end.map(|end| end + END.len());
    let closing = after.and_then(|after| {
        let rest = bytes.get(after..)?;
        rest.windows(5).position(|window| window == b"-----").map(|at| after + at + 5)
    });
    Some(closing.unwrap_or(bytes.len()))
}
