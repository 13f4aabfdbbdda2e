//! One line to a rule in the words of iptables: options, modules and a target, by their place among the arguments.

use std::borrow::Cow;

use super::modules::{Arity, Module};
use super::targets;
use super::tokens::{self, Token};
use super::values;

/// The arguments of one rule, and what each of them is. Kept from line to line, so that reading one allocates little.
#[derive(Default)]
pub(super) struct Rule<'a> {
    pub tokens: Vec<Token<'a>>,
    pub source: Option<Argument>,
    pub destination: Option<Argument>,
    pub protocol: Option<Argument>,
    pub in_interface: Option<Argument>,
    pub out_interface: Option<Argument>,
    /// `-f` or `! -f`.
    pub fragments: Option<bool>,
    pub target: Option<Target>,
    pub modules: Vec<Loaded>,
    pub options: Vec<Opt>,
    /// The rule is no rule: nothing of it can be relied on.
    pub malformed: Option<Cow<'static, str>>,
    /// Options that no module of it has.
    pub foreign: Vec<Opt>,
}

/// The value of an option.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argument {
    pub token: usize,
    pub negated: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub token: usize,
    /// `-g`: the chain is gone to for good.
    pub goto: bool,
}

/// One `-m NAME`, or what a protocol brought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loaded {
    /// `None` for a module that is not known.
    pub module: Option<Module>,
    /// The argument that names it.
    pub token: Option<usize>,
}

/// An option of a module with its values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opt {
    /// Index of [`Rule::modules`]; of no meaning for a foreign one.
    pub module: usize,
    /// The option's full name; empty for one that is not known.
    pub key: &'static str,
    /// The argument that names it.
    pub name: usize,
    pub negated: bool,
    /// Its values are the arguments from here ...
    pub first: usize,
    /// ... up to here.
    pub after: usize,
}

/// An option that every rule may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Core {
    Source,
    Destination,
    Protocol,
    InInterface,
    OutInterface,
    Fragments,
    Match,
    Jump,
    Goto,
    Counters,
    Family,
    /// What belongs to a command and not to a rule.
    Command,
}

/// What a long name leads to.
#[derive(Clone, Copy, Debug)]
enum Long {
    Core(Core),
    /// Index of the module, name and arguments.
    Module((usize, &'static str, Arity)),
}

/// The long names; the short ones are in [`core`].
const CORE: &[(&str, Core)] = &[
    ("--source", Core::Source),
    ("--src", Core::Source),
    ("--destination", Core::Destination),
    ("--dst", Core::Destination),
    ("--protocol", Core::Protocol),
    ("--in-interface", Core::InInterface),
    ("--out-interface", Core::OutInterface),
    ("--fragments", Core::Fragments),
    ("--match", Core::Match),
    ("--jump", Core::Jump),
    ("--goto", Core::Goto),
    ("--set-counters", Core::Counters),
    ("--ipv4", Core::Family),
    ("--ipv6", Core::Family),
    ("--append", Core::Command),
    ("--check", Core::Command),
    ("--delete", Core::Command),
    ("--delete-chain", Core::Command),
    ("--exact", Core::Command),
    ("--flush", Core::Command),
    ("--help", Core::Command),
    ("--insert", Core::Command),
    ("--line-numbers", Core::Command),
    ("--list", Core::Command),
    ("--list-rules", Core::Command),
    ("--modprobe", Core::Command),
    ("--new-chain", Core::Command),
    ("--numeric", Core::Command),
    ("--policy", Core::Command),
    ("--rename-chain", Core::Command),
    ("--replace", Core::Command),
    ("--table", Core::Command),
    ("--verbose", Core::Command),
    ("--version", Core::Command),
    ("--wait", Core::Command),
    ("--zero", Core::Command),
];

fn core(name: &str) -> Option<Core> {
    Some(match name {
        "-s" => Core::Source,
        "-d" => Core::Destination,
        "-p" => Core::Protocol,
        "-i" => Core::InInterface,
        "-o" => Core::OutInterface,
        "-f" => Core::Fragments,
        "-m" => Core::Match,
        "-j" => Core::Jump,
        "-g" => Core::Goto,
        "-c" => Core::Counters,
        "-4" | "-6" => Core::Family,
        _ => CORE.iter().find(|(long, _)| *long == name)?.1,
    })
}

/// More options than this in one rule were not written by anybody.
const MOST_OPTIONS: usize = 128;

impl<'a> Rule<'a> {
    /// Reads matches and target from `spec`, which stands at byte `offset` of the export.
    pub fn read(&mut self, spec: &'a str, offset: usize) {
        self.source = None;
        self.destination = None;
        self.protocol = None;
        self.in_interface = None;
        self.out_interface = None;
        self.fragments = None;
        self.target = None;
        self.malformed = None;
        self.modules.clear();
        self.options.clear();
        self.foreign.clear();
        if tokens::split(spec, offset, &mut self.tokens).is_none() {
            self.fail("a quote is not closed");
            return;
        }
        let (count, mut at, mut negated) = (self.tokens.len(), 0, false);
        while at < count && self.malformed.is_none() {
            if self.is_bang(at) {
                if negated {
                    self.fail("two `!` in a row");
                }
                negated = true;
                at += 1;
                continue;
            }
            at = self.option(at, count, negated);
            negated = false;
        }
        if negated {
            self.fail("`!` with nothing after it");
        }
        if self.modules.len() + self.options.len() + self.foreign.len() > MOST_OPTIONS {
            self.fail("more options than one rule can have");
        }
    }

    pub fn text(&self, token: usize) -> &str {
        self.tokens.get(token).map_or("", |token| &token.text)
    }

    /// The values of an option.
    pub fn values(&self, option: &Opt) -> &[Token<'a>] {
        self.tokens.get(option.first..option.after).unwrap_or_default()
    }

    /// The first value of an option.
    pub fn value(&self, option: &Opt) -> &str {
        self.values(option).first().map_or("", |token| &token.text)
    }

    fn fail(&mut self, why: impl Into<Cow<'static, str>>) {
        if self.malformed.is_none() {
            self.malformed = Some(why.into());
        }
    }

    fn is_bang(&self, token: usize) -> bool {
        self.tokens.get(token).is_some_and(|token| !token.quoted && token.text == "!")
    }

    /// Whether an argument opens an option, rather than being a value.
    fn is_option(&self, token: usize) -> bool {
        self.tokens
            .get(token)
            .is_some_and(|token| !token.quoted && token.text.len() > 1 && token.text.starts_with('-'))
    }

    /// Reads the option at `at`; returns the place after it.
    fn option(&mut self, at: usize, count: usize, negated: bool) -> usize {
        if !self.is_option(at) {
            self.fail("an argument without an option");
            return count;
        }
        // `--dport=80` is `--dport 80`. The two halves are put behind the last argument.
        if let Some((name, value)) = self.assignment(at) {
            let end = self.tokens.len();
            self.tokens.extend([name, value]);
            let after = self.named(end, end + 1, end + 2, negated);
            if after != end + 2 {
                self.fail("a value for an option that takes none");
            }
            return at + 1;
        }
        self.named(at, at + 1, count, negated)
    }

    fn assignment(&self, at: usize) -> Option<(Token<'a>, Token<'a>)> {
        let token = self.tokens.get(at)?;
        let (name, value) = token.text.strip_prefix("--")?.split_once('=')?;
        let part =
            |text: String| Token { text: Cow::Owned(text), start: token.start, end: token.end, quoted: true };
        Some((part(format!("--{name}")), part(value.to_owned())))
    }

    /// Reads the option named by the argument `name`, whose values stand from `from` to at most `count`.
    fn named(&mut self, name: usize, from: usize, count: usize, negated: bool) -> usize {
        match core(self.text(name)) {
            Some(option) => self.core(option, from, count, negated),
            None => self.of_module(name, from, count, negated),
        }
    }

    fn core(&mut self, option: Core, from: usize, count: usize, negated: bool) -> usize {
        let bare = |rule: &mut Self, what: &str| {
            if negated {
                rule.fail(format!("`!` before `{what}`"));
            }
        };
        match option {
            Core::Source => self.single(from, count, negated, |rule| &mut rule.source),
            Core::Destination => self.single(from, count, negated, |rule| &mut rule.destination),
            Core::Protocol => self.single(from, count, negated, |rule| &mut rule.protocol),
            Core::InInterface => self.single(from, count, negated, |rule| &mut rule.in_interface),
            Core::OutInterface => self.single(from, count, negated, |rule| &mut rule.out_interface),
            Core::Fragments => {
                self.fragments = Some(!negated);
                from
            }
            Core::Match => {
                bare(self, "-m");
                let Some(token) = self.tokens.get(from).filter(|_| from < count) else {
                    self.fail("`-m` without a name");
                    return count;
                };
                let module = Module::find(&token.text);
                self.modules.push(Loaded { module, token: Some(from) });
                from + 1
            }
            Core::Jump | Core::Goto => {
                let goto = option == Core::Goto;
                bare(self, if goto { "-g" } else { "-j" });
                if self.target.is_some() {
                    self.fail("two targets");
                }
                if from >= count || self.is_option(from) {
                    self.fail("a target without a name");
                    return count;
                }
                self.target = Some(Target { token: from, goto });
                from + 1
            }
            Core::Counters => {
                bare(self, "-c");
                from + 2
            }
            // Lines for the other family were left out before.
            Core::Family => from,
            Core::Command => {
                self.fail("an option of commands, not of rules");
                count
            }
        }
    }

    /// An option with one value that a rule may have once.
    fn single(
        &mut self,
        mut from: usize,
        count: usize,
        mut negated: bool,
        place: impl Fn(&mut Self) -> &mut Option<Argument>,
    ) -> usize {
        // Old versions have the `!` between the option and its value.
        if from < count && self.is_bang(from) {
            negated = !negated;
            from += 1;
        }
        if from >= count || self.is_option(from) {
            self.fail("an option without its value");
            return count;
        }
        if place(self).replace(Argument { token: from, negated }).is_some() {
            self.fail("an option that is given twice");
        }
        from + 1
    }

    /// An option of a module: of the one named last, of one named before, of the one the protocol brings, or of the
    /// target.
    fn of_module(&mut self, name: usize, from: usize, count: usize, negated: bool) -> usize {
        let text = self.text(name);
        let known = self.modules.iter().enumerate().rev().find_map(|(index, loaded)| {
            let (key, arity) = loaded.module?.option(text)?;
            Some((index, key, arity))
        });
        // The beginning of a name will do, if it is that of one option: so `-m multiport --dport` is `--dports`, unless
        // the protocol's own module is named as well.
        let loaded = self.modules.iter().map(|loaded| loaded.module);
        let known = known.map(Long::Module).or_else(|| abbreviated(text, loaded));
        let known = known.or_else(|| {
            let brought = self.brought()?;
            let exact =
                brought.option(text).map(|(key, arity)| Long::Module((self.modules.len(), key, arity)));
            let all = self.modules.iter().map(|loaded| loaded.module).chain([Some(brought)]);
            exact.or_else(|| abbreviated(text, all))
        });
        let (module, key, arity) = match known {
            Some(Long::Module(known)) => known,
            Some(Long::Core(option)) => return self.core(option, from, count, negated),
            None => return self.unknown(name, from, count, negated),
        };
        if module == self.modules.len() {
            let module = self.brought();
            self.modules.push(Loaded { module, token: None });
        }
        let exact = matches!(arity, Arity::Exactly(_));
        let (mut from, mut negated) = (from, negated);
        if exact && arity != Arity::Exactly(0) && key != "--comment" && self.is_bang(from) {
            negated = !negated;
            from += 1;
        }
        let after = match arity {
            Arity::Exactly(values) => from + values,
            Arity::Open => self.open_end(from, count),
        };
        if after > count {
            self.fail("an option without its value");
            return count;
        }
        if exact && self.options.iter().any(|option| (option.module, option.key) == (module, key)) {
            self.fail("an option that is given twice");
        }
        self.options.push(Opt { module, key, name, negated, first: from, after });
        after
    }

    /// The module of the rule's protocol, which needs no `-m`.
    fn brought(&self) -> Option<Module> {
        let protocol = values::protocols(self.text(self.protocol?.token))?;
        let (low, high) = protocol.hull()?;
        Module::of_protocol(low).filter(|_| low == high)
    }

    /// An option that no module here has: the target's own, one of a module that is not known, or a mistake.
    fn unknown(&mut self, name: usize, from: usize, count: usize, negated: bool) -> usize {
        // The text of a log may look like an option.
        let text = matches!(self.text(name), "--log-prefix" | "--nflog-prefix" | "--ulog-prefix");
        let after = if text { (from + 1).min(count) } else { self.open_end(from, count) };
        let option = Opt { module: self.modules.len(), key: "", name, negated, first: from, after };
        if let Some(last) =
            self.modules.iter().rposition(|loaded| loaded.module.is_none_or(Module::has_any_option))
        {
            self.options.push(Opt { module: last, ..option });
        } else if !self.text(name).starts_with("--") {
            // It may be anything, a target among others.
            self.fail("an option that is not known");
        } else if !self.target.is_some_and(|target| targets::takes_options(self.text(target.token))) {
            self.foreign.push(option);
        }
        after
    }

    /// The place of the next option or `!`.
    fn open_end(&self, from: usize, count: usize) -> usize {
        (from..count).find(|at| self.is_option(*at) || self.is_bang(*at)).unwrap_or(count)
    }
}

/// The one option whose name begins so, of every rule or of these modules: `--mac` is `--mac-source`, as
/// `getopt_long` has it.
fn abbreviated(beginning: &str, modules: impl Iterator<Item = Option<Module>>) -> Option<Long> {
    if beginning.len() < 4 || !beginning.starts_with("--") {
        return None;
    }
    let mut found: Option<(&'static str, Long)> = None;
    let mut unique = true;
    let mut look = |name: &'static str, long: Long| {
        if name.starts_with(beginning) {
            unique &= found.is_none_or(|(other, _)| other == name);
            found = Some((name, long));
        }
    };
    for (name, option) in CORE {
        look(name, Long::Core(*option));
    }
    for (index, module) in modules.enumerate() {
        for (name, arity) in module.into_iter().flat_map(Module::options) {
            look(name, Long::Module((index, name, *arity)));
        }
    }
    found.filter(|_| unique).map(|(_, long)| long)
}
