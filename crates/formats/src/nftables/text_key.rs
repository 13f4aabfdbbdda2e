//! What matches look at, in text.

use std::borrow::Cow;

use super::canonical;
use super::lexer::Kind;
use super::model::Key;
use super::text::{Reader, Wrong};

/// Sets and brackets inside each other, deeper than this, are refused.
pub(super) const DEEPEST: usize = 16;

/// The keys of `meta` that are written without it.
const PLAIN_META: [&str; 20] = [
    "iif",
    "iifname",
    "iifgroup",
    "iiftype",
    "oif",
    "oifname",
    "oifgroup",
    "oiftype",
    "mark",
    "skuid",
    "skgid",
    "rtclassid",
    "cgroup",
    "cpu",
    "pkttype",
    "nftrace",
    "ibriport",
    "obriport",
    "ibrname",
    "obrname",
];

const HEADERS: [&str; 22] = [
    "ip", "ip6", "tcp", "udp", "udplite", "sctp", "dccp", "th", "icmp", "icmpv6", "igmp", "ether", "vlan",
    "arp", "ah", "esp", "comp", "gre", "gretap", "vxlan", "geneve", "icmpx",
];

const EXTENSIONS: [&str; 8] = ["hbh", "rt0", "rt2", "rt4", "srh", "frag", "dst", "mh"];

impl<'a> Reader<'a> {
    /// Whether a word begins a key.
    pub fn begins_key(word: &str) -> bool {
        PLAIN_META.contains(&word)
            || HEADERS.contains(&word)
            || EXTENSIONS.contains(&word)
            || matches!(
                word,
                "meta"
                    | "ct"
                    | "fib"
                    | "exthdr"
                    | "rt"
                    | "socket"
                    | "osf"
                    | "numgen"
                    | "jhash"
                    | "symhash"
                    | "ipsec"
                    | "tunnel"
            )
    }

    /// A key with what is joined to it and done to it.
    pub fn key(&mut self) -> Result<Key<'a>, Wrong> {
        let first = self.masked_key()?;
        if !self.take_sign(".") {
            return Ok(first);
        }
        let mut all = vec![first, self.masked_key()?];
        while self.take_sign(".") {
            all.push(self.masked_key()?);
        }
        Ok(Key::Concat(all))
    }

    fn masked_key(&mut self) -> Result<Key<'a>, Wrong> {
        let mut key = if self.take_sign("(") {
            let inner = self.nested(Self::key)?;
            self.expect_sign(")")?;
            inner
        } else {
            self.plain_key()?
        };
        while let Some(sign) = self.operator() {
            let value = self.nested(Self::unit)?;
            key = Key::Operation(Box::new(key), sign, Box::new(value));
        }
        Ok(key)
    }

    pub fn operator(&mut self) -> Option<&'static str> {
        let sign = match self.peek().kind {
            Kind::Sign(sign @ ("&" | "|" | "^" | "<<" | ">>")) => sign,
            Kind::Word("and") => "&",
            Kind::Word("or") => "|",
            Kind::Word("xor") => "^",
            Kind::Word("lshift") => "<<",
            Kind::Word("rshift") => ">>",
            _ => return None,
        };
        self.next();
        Some(sign)
    }

    /// Runs one level deeper.
    pub fn nested<T>(&mut self, inner: fn(&mut Self) -> Result<T, Wrong>) -> Result<T, Wrong> {
        if self.depth == DEEPEST {
            return Err(self.wrong("nested too deep"));
        }
        self.depth += 1;
        let out = inner(self);
        self.depth -= 1;
        out
    }

    pub fn plain_key(&mut self) -> Result<Key<'a>, Wrong> {
        if self.take_sign("@") {
            let base = self.word("a header such as `th`")?;
            self.expect_sign(",")?;
            let offset = self.number("an offset")?;
            self.expect_sign(",")?;
            return Ok(Key::Raw(base.into(), offset, self.number("a length")?));
        }
        let word = self.word("what to match")?;
        Ok(match word {
            "meta" => Key::Meta(self.word("what of the packet to match")?.into()),
            _ if PLAIN_META.contains(&word) => Key::Meta(word.into()),
            "ct" => self.ct()?,
            "fib" => self.fib()?,
            "tcp" | "ip" | "sctp" | "dccp" if matches!(self.peek().kind, Kind::Word("option" | "chunk")) => {
                let kind = self.word("")?;
                let name = self.word_or_number()?;
                let field = match self.peek().kind {
                    Kind::Word(field) if is_option_field(field) => {
                        self.next();
                        Some(field)
                    }
                    _ => None,
                };
                Key::Other(joined([Some(word), Some(kind), Some(name), field]))
            }
            _ if HEADERS.contains(&word) => {
                Key::Payload(word.into(), self.word("a field of the header")?.into())
            }
            "exthdr" => {
                let name = self.word("the name of an extension header")?;
                Key::Other(joined([Some("exthdr"), Some(name)]))
            }
            "rt" => {
                let field = self.word("a field")?;
                match field {
                    "classid" | "mtu" | "ipsec" | "nexthop" => Key::Other(joined([Some("rt"), Some(field)])),
                    "ip" | "ip6" => {
                        Key::Other(joined([Some("rt"), Some(field), Some(self.word("a field")?)]))
                    }
                    _ => Key::Other(joined([Some("exthdr rt"), Some(field)])),
                }
            }
            _ if EXTENSIONS.contains(&word) => {
                Key::Other(joined([Some("exthdr"), Some(word), Some(self.word("a field of the header")?)]))
            }
            "socket" => {
                let field = self.word("a property of a socket")?;
                if field == "cgroupv2" && self.take_word("level") {
                    Key::Other(joined([Some("socket cgroupv2 level"), Some(self.word("a level")?)]))
                } else {
                    Key::Other(joined([Some("socket"), Some(field)]))
                }
            }
            "osf" => {
                if self.take_word("ttl") {
                    self.word("how to look at the TTL")?;
                }
                Key::Other(joined([Some("osf"), Some(self.word("`name` or `version`")?)]))
            }
            "numgen" => {
                let mode = self.word("`inc` or `random`")?;
                let rest = self.modulus()?;
                Key::Other(format!("numgen {mode} {rest}"))
            }
            "symhash" => {
                let rest = self.modulus()?;
                Key::Other(format!("symhash {rest}"))
            }
            "jhash" => {
                let of = self.nested(Self::key)?;
                let rest = self.modulus()?;
                Key::Other(format!("jhash {} {rest}", canonical::key(&of)))
            }
            "ipsec" | "tunnel" => {
                let mut text = word.to_owned();
                for _ in 0..5 {
                    let next = self.word("a property")?;
                    text.push(' ');
                    text.push_str(next);
                    if !matches!(next, "in" | "out" | "ip" | "ip6" | "spnum") && !is_number(next) {
                        break;
                    }
                }
                Key::Other(text)
            }
            _ => return Err(self.wrong_before(word, "what to match")),
        })
    }

    /// `mod 10 seed 1 offset 2`
    fn modulus(&mut self) -> Result<String, Wrong> {
        if !self.take_word("mod") {
            return Err(self.wrong("expected `mod`"));
        }
        let mut text = format!("mod {}", self.word("a number")?);
        for option in ["seed", "offset"] {
            if self.take_word(option) {
                text.push_str(&format!(" {option} {}", self.word("a number")?));
            }
        }
        Ok(text)
    }

    fn ct(&mut self) -> Result<Key<'a>, Wrong> {
        let mut word = self.word("what of the connection to match")?;
        let mut direction = None;
        if matches!(word, "original" | "reply") {
            direction = Some(Cow::Borrowed(word));
            word = self.word("what of the connection to match")?;
        }
        if matches!(word, "ip" | "ip6") {
            let field = self.word("`saddr` or `daddr`")?;
            return Ok(Key::Ct(format!("{word} {field}").into(), direction));
        }
        Ok(Key::Ct(word.into(), direction))
    }

    fn fib(&mut self) -> Result<Key<'a>, Wrong> {
        let mut flags = self.word("what to look up")?.to_owned();
        while self.take_sign(".") {
            flags.push_str(" . ");
            flags.push_str(self.word("what to look up")?);
        }
        Ok(Key::Fib(flags, self.word("`type`, `oif` or `oifname`")?.into()))
    }
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

/// The fields of TCP and IP options, and of the chunks of SCTP.
fn is_option_field(word: &str) -> bool {
    matches!(
        word,
        "kind"
            | "length"
            | "size"
            | "count"
            | "left"
            | "right"
            | "tsval"
            | "tsecr"
            | "subtype"
            | "type"
            | "addr"
            | "ptr"
            | "value"
            | "flags"
            | "tsn"
            | "stream"
            | "ssn"
            | "ppid"
            | "init-tag"
            | "a-rwnd"
            | "cum-tsn-ack"
            | "lowest-tsn"
            | "seqno"
            | "new-cum-tsn"
    )
}

fn joined<'w>(words: impl IntoIterator<Item = Option<&'w str>>) -> String {
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
