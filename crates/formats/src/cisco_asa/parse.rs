//! Text to a configuration. Sections are read in `sections.rs`, access lists in `lists.rs`.

use std::borrow::Cow;
use std::collections::HashMap;

use diagnostics::{TextRange, printable};

use super::aliases::aliases;
use super::config::{Alias, Config, Obscure, SameSecurity};
use super::keywords;
use super::values::{self, Address, Wrong};
use super::words::{Word, Words};
use crate::{ImportError, Problem, Statement, Status};

/// More interfaces than any of these devices has; what each pair of them may do is written out.
const MOST_INTERFACES: usize = 1200;

/// Reads a configuration, or what `show access-list` prints.
pub(super) fn parse(text: &str) -> Result<Config<'_>, ImportError> {
    let mut reader = Reader::new(text);
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < text.len() {
        let end = memchr::memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |length| at + length);
        reader.physical_line(at, end)?;
        at = end + 1;
    }
    let mut config = reader.config;
    config.split_families = reader.version.unwrap_or(reader.old_style);
    if config.named_interfaces().count() > MOST_INTERFACES {
        let message = format!("the file names more than {MOST_INTERFACES} interfaces");
        return Err(ImportError::new(TextRange::new(0, 0), message, "export one firewall at a time"));
    }
    Ok(config)
}

pub(super) struct Reader<'a> {
    text: &'a str,
    pub config: Config<'a>,
    pub mode: Mode<'a>,
    /// Whether the version that the file names is before 9.0.
    version: Option<bool>,
    /// Whether the file has commands that went with 8.3.
    pub old_style: bool,
    /// A problem was noted for translated addresses.
    pub translated: bool,
    /// A problem was noted for tunnels.
    pub told_of_tunnels: bool,
    /// `no sysopt connection permit-vpn` stands in the file.
    pub filters_tunnels: bool,
    pub ports: HashMap<&'a str, usize>,
    /// The interfaces that `nameif` of PIX 6 named.
    pub old_names: HashMap<&'a str, usize>,
    /// Whether any list got a line since all were cleared.
    pub filled: bool,
    /// For each list the number that the line before had in `show access-list`.
    pub numbers: Vec<Option<u32>>,
    /// Lines that were inserted by number so far, not at the end.
    pub insertions: usize,
}

/// The section that the lines stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode<'a> {
    Top,
    Interface(usize),
    Definition(usize),
    TimeRange(&'a str),
    /// A section of which no line matters, with the reason.
    Other(&'static str),
    Certificate,
    /// What another command than `show running-config` printed.
    Foreign,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let config = Config {
            split_families: false,
            levels_permit: true,
            shown: false,
            aliases: aliases(text),
            definitions: Vec::new(),
            definition_names: HashMap::new(),
            time_ranges: HashMap::new(),
            lists: Vec::new(),
            list_names: HashMap::new(),
            bindings: Vec::new(),
            interfaces: Vec::new(),
            routes: Vec::new(),
            dynamic_routes: false,
            same_security: SameSecurity::default(),
            obscure: Vec::new(),
            statements: Vec::new(),
            problems: Vec::new(),
            mentions: Vec::new(),
        };
        let filters_tunnels =
            memchr::memmem::find(text.as_bytes(), b"no sysopt connection permit-vpn").is_some();
        Reader {
            text,
            config,
            mode: Mode::Top,
            version: None,
            old_style: false,
            translated: false,
            told_of_tunnels: false,
            filters_tunnels,
            ports: HashMap::new(),
            old_names: HashMap::new(),
            filled: false,
            numbers: Vec::new(),
            insertions: 0,
        }
    }

    fn physical_line(&mut self, start: usize, end: usize) -> Result<(), ImportError> {
        let whole = self.text.get(start..end).unwrap_or_default();
        let clean = |c: char| c.is_ascii_whitespace() || c == '\u{8}';
        let mut line = whole.trim_end_matches(clean);
        line = line.trim_start_matches(clean);
        if let Some(rest) = line.strip_prefix(PAGER) {
            line = rest.trim_start_matches(clean);
        }
        let indented =
            is_indented(whole.get(..whole.trim_end_matches(clean).len() - line.len()).unwrap_or_default());
        let start = start + (whole.trim_end_matches(clean).len() - line.len());
        match line.as_bytes().first() {
            // `!` is a comment, and so is `:`, with which `: Saved` and `: end` begin.
            None | Some(b'!') => return Ok(()),
            Some(b':') => {
                self.mode = Mode::Top;
                return Ok(());
            }
            Some(_) => {}
        }
        let words = Words::new(line, start);
        self.line(words, indented, TextRange::new(start, start + line.len()))
    }

    fn line(&mut self, words: Words<'a>, indented: bool, place: TextRange) -> Result<(), ImportError> {
        let mut rest = words;
        let Some(first) = rest.next() else { return Ok(()) };
        if self.mode == Mode::Certificate {
            if first.text == "quit" {
                self.mode = Mode::Top;
            }
            self.push(place, Status::Irrelevant, "a certificate");
            return Ok(());
        }
        if is_prompt(first.text) {
            return self.prompt(rest, place);
        }
        // These never stand inside of another section.
        match first.text {
            "access-list" => return self.access_list(rest, indented, place, false),
            "access-group" => {
                self.mode = Mode::Top;
                self.access_group(words, place);
                return Ok(());
            }
            "exit" => {
                self.mode = Mode::Top;
                self.push(place, Status::Irrelevant, "leaves a section");
                return Ok(());
            }
            _ => {}
        }
        if self.section_line(words, indented, place) {
            return Ok(());
        }
        self.top(first, rest, words, place)
    }

    /// `fw(config)# access-list ...`: what is typed, or what is asked to be shown.
    fn prompt(&mut self, rest: Words<'a>, place: TextRange) -> Result<(), ImportError> {
        self.mode = Mode::Top;
        let typed = rest.remainder();
        let shows = typed.text.starts_with("sh");
        let ours = ["run", "access-list", "start", "conf"].iter().any(|what| typed.text.contains(what));
        if shows && !ours {
            self.mode = Mode::Foreign;
        }
        if shows || typed.text.is_empty() {
            self.push(place, Status::Irrelevant, "a prompt");
            return Ok(());
        }
        let place = TextRange::new(typed.start, typed.start + typed.text.len());
        self.line(Words::new(typed.text, typed.start), false, place)
    }

    fn top(
        &mut self,
        first: Word<'a>,
        rest: Words<'a>,
        words: Words<'a>,
        place: TextRange,
    ) -> Result<(), ImportError> {
        if self.mode == Mode::Foreign {
            self.push(place, Status::Irrelevant, "what another command printed");
            return Ok(());
        }
        self.mode = Mode::Top;
        match first.text {
            "ASA" | "PIX" | "FWSM" if rest.peek() == Some("Version") => {
                self.version(first.text, rest, place);
            }
            "NGFW" | "Serial" | "Hardware" | "Cryptochecksum:" => {
                self.push(place, Status::Irrelevant, "a heading");
            }
            _ if first.text.starts_with("Cryptochecksum") => {
                self.push(place, Status::Irrelevant, "a checksum");
            }
            "name" => self.name(rest, place),
            "names" => self.push(place, Status::Understood, ""),
            "object" => self.object(rest, place),
            "object-group" => self.object_group(rest, place),
            "interface" => self.interface(rest, words, place),
            "nameif" => self.old_nameif(rest, words, place),
            "ip" => self.ip(rest, words, place),
            "ipv6" => return self.ipv6(rest, words, place),
            "route" => self.route(rest, words, place),
            "router" => {
                self.config.dynamic_routes = true;
                self.mode = Mode::Other("routing");
                self.irrelevant(words, place, "routing");
            }
            "same-security-traffic" => self.same_security(rest, words, place),
            "time-range" => self.time_range(rest, place),
            "no" => self.no(rest, words, place),
            "clear" => self.clear(rest, words, place),
            "established" => self.obscure(words, place, true, Status::Approximated, PINHOLES),
            "conduit" | "outbound" | "apply" => {
                self.obscure(
                    words,
                    place,
                    false,
                    Status::NotUnderstood,
                    "the access rules of PIX 6 and before",
                );
            }
            "shun" => self.obscure(words, place, false, Status::Approximated, "it denies connections"),
            "filter" if matches!(rest.peek(), Some("url" | "https" | "ftp")) => {
                self.obscure(words, place, false, Status::Approximated, "a filter server is asked");
            }
            "filter" => self.irrelevant(words, place, "takes parts out of what is transferred"),
            "dynamic-filter" if rest.peek() == Some("drop") => {
                self.obscure(words, place, false, Status::Approximated, "it denies what a feed lists");
            }
            "dynamic-filter" => self.irrelevant(words, place, "reports what a feed lists"),
            "aaa" if self.asks_users(rest) => {
                self.obscure(words, place, false, Status::Approximated, "users have to authenticate first");
            }
            "nat" | "static" | "global" | "alias" => self.nat(first.text, rest, words, place),
            word => match keywords::irrelevant(word) {
                Some(reason) => {
                    self.tunnels(first.text, rest, place);
                    self.mode = Mode::Other(reason);
                    self.irrelevant(words, place, reason);
                }
                None => {
                    self.obscure(words, place, false, Status::NotUnderstood, "not a command that is known")
                }
            },
        }
        Ok(())
    }

    fn version(&mut self, product: &str, mut rest: Words<'a>, place: TextRange) {
        rest.next();
        let mut numbers = rest.rest().split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
        let major = numbers.next().and_then(Result::ok);
        // "Unified ACL for IPv4 and IPv6" is new in 9.0(1) (firewall configuration guide, history of access rules).
        self.version = Some(product != "ASA" || major.is_some_and(|major| major < 9));
        // The FWSM has no implicit permit (FWSM configuration guide, "Permitting or Denying Network Access").
        self.config.levels_permit = product != "FWSM";
        self.push(place, Status::Understood, "");
    }

    fn name(&mut self, mut rest: Words<'a>, place: TextRange) {
        let known = rest.next().is_some_and(|word| word.text.parse::<std::net::IpAddr>().is_ok());
        let reason = "what it names is no address: rules that use it match what is not known";
        if known && rest.next().is_some() {
            self.push(place, Status::Understood, "");
        } else {
            self.push(place, Status::Approximated, reason);
        }
    }

    /// A statement that decides packets in a way that is not followed.
    pub fn obscure(
        &mut self,
        words: Words<'a>,
        place: TextRange,
        permits: bool,
        status: Status,
        reason: &'static str,
    ) {
        let text = words.rest();
        self.config.obscure.push(Obscure { place, text, permits });
        self.config.mentions.push(words);
        self.push(place, status, reason);
    }

    pub fn irrelevant(&mut self, words: Words<'a>, place: TextRange, reason: &'static str) {
        self.config.mentions.push(words);
        self.push(place, Status::Irrelevant, reason);
    }

    pub fn push(&mut self, place: TextRange, status: Status, reason: impl Into<Cow<'static, str>>) {
        self.config.statements.push(Statement { place, status, reason: reason.into() });
    }

    pub fn next_statement(&self) -> u32 {
        u32::try_from(self.config.statements.len()).unwrap_or(u32::MAX)
    }

    pub fn undefined_alias(&mut self, word: Word<'a>) {
        self.config.problems.push(Problem {
            place: word.place(),
            message: format!(
                "`{}` is neither an address nor a name that `name` defines",
                printable(word.text)
            ),
            help: "export the whole configuration".to_owned(),
        });
    }
}

const PINHOLES: &str = "it lets connections in that belong to others";

/// What a pager leaves in a terminal's log; it blanks that out with as many blanks.
const PAGER: &str = "<--- More --->";

/// Whether what stands before a line's first word is an indentation.
fn is_indented(before: &str) -> bool {
    let last = before.rsplit(['\r', '\u{8}', '>']).next().unwrap_or_default();
    let blanks = last.len();
    if blanks >= PAGER.len() { blanks > PAGER.len() } else { blanks > 0 }
}

/// `fw#`, `fw/admin(config)>`
fn is_prompt(word: &str) -> bool {
    word.strip_suffix(['#', '>']).is_some_and(|host| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./()".contains(&byte))
    })
}

impl From<Wrong> for Problem {
    fn from(wrong: Wrong) -> Self {
        Problem { place: wrong.place, message: wrong.message, help: wrong.help.to_owned() }
    }
}

/// The address that a word of an interface's line gives.
pub(super) fn interface_address_of(
    word: Word<'_>,
    aliases: &HashMap<&str, Alias>,
) -> Option<std::net::IpAddr> {
    match values::address(word, aliases) {
        Ok(Address::Known(address)) => Some(address),
        _ => None,
    }
}
