//! A ruleset in the words of nftables: what both readers, of text and of JSON, fill in.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use diagnostics::TextRange;

/// All tables of a file, after its commands were followed.
#[derive(Debug, Default)]
pub(super) struct Model<'a> {
    pub tables: Vec<Table<'a>>,
    /// Rules of all chains; a chain lists its own by number.
    pub rules: Vec<Rule<'a>>,
    /// What may add tables or chains that the file does not show.
    pub obscure: Vec<Obscure>,
    /// `define`s.
    pub variables: Vec<Variable<'a>>,
}

#[derive(Debug)]
pub(super) struct Table<'a> {
    pub family: Family,
    pub name: Cow<'a, str>,
    pub place: TextRange,
    /// `flags dormant`: loaded, and not asked.
    pub dormant: bool,
    pub chains: Vec<Chain<'a>>,
    pub chain_numbers: HashMap<Cow<'a, str>, usize>,
    /// The chains that got rules since the table was emptied last.
    pub filled: Vec<usize>,
    /// Its rules by their handles, where the file tells those.
    pub handles: HashMap<u64, u32>,
    pub sets: Vec<Set<'a>>,
    pub set_numbers: HashMap<Cow<'a, str>, usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Family {
    Ip,
    Ip6,
    Inet,
    Arp,
    Bridge,
    Netdev,
}

#[derive(Debug)]
pub(super) struct Chain<'a> {
    pub name: Cow<'a, str>,
    pub place: TextRange,
    pub base: Option<Base<'a>>,
    /// Its rules, by their number in [`Model::rules`], in the order in which they are asked.
    pub order: std::collections::VecDeque<u32>,
    /// Some command put a rule elsewhere than at the end: lines do not stand in the order of the rules.
    pub shuffled: bool,
    /// Written inside a rule: `jump { ... }`.
    pub anonymous: bool,
    /// Named by a rule or a command only, and nowhere made.
    pub declared: bool,
}

/// What makes a chain a base chain.
#[derive(Clone, Debug)]
pub(super) struct Base<'a> {
    /// The statement that says so.
    pub place: TextRange,
    pub hook: Hook,
    pub priority: i32,
    pub policy: Policy,
    /// Where the policy is said; `None` where it is left out.
    pub policy_place: Option<TextRange>,
    /// The interfaces of a chain that hooks into some only.
    pub devices: Vec<Cow<'a, str>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Hook {
    Ingress,
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
    Egress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    Accept,
    Drop,
    Unknown,
}

/// A named set or map.
#[derive(Debug)]
pub(super) struct Set<'a> {
    pub name: Cow<'a, str>,
    pub is_map: bool,
    pub place: TextRange,
    pub head: TextRange,
    /// Packets or programs change it: `flags dynamic`, `flags timeout`, or a command that is not followed.
    pub changing: bool,
    /// `flags constant`: it stays as it is even if empty.
    pub constant: bool,
    pub elements: Vec<Rc<Vec<Element<'a>>>>,
}

#[derive(Clone, Debug)]
pub(super) struct Element<'a> {
    pub key: Value<'a>,
    pub data: Option<Data<'a>>,
    /// It goes by itself: whether it is there is not known.
    pub expires: bool,
    pub place: TextRange,
}

#[derive(Clone, Debug)]
pub(super) enum Data<'a> {
    Verdict(Verdict<'a>),
    Value(Value<'a>),
}

#[derive(Debug)]
pub(super) struct Variable<'a> {
    pub name: Cow<'a, str>,
    pub place: TextRange,
    pub head: TextRange,
    pub value: Rc<Value<'a>>,
    pub uses: u32,
}

#[derive(Debug)]
pub(super) struct Rule<'a> {
    pub statements: Vec<Statement<'a>>,
    pub comment: Option<Cow<'a, str>>,
    pub place: TextRange,
    pub head: TextRange,
    /// The number of its statement in the coverage.
    pub covered: u32,
    pub handle: Option<u64>,
    /// Why it cannot be read.
    pub malformed: Option<String>,
    /// Written as `add rule ...` on a line of its own.
    pub command: bool,
}

/// Something that may add or change rules in a way that the file does not show.
#[derive(Clone, Debug)]
pub(super) struct Obscure {
    pub place: TextRange,
    pub name: String,
}

#[derive(Clone, Debug)]
pub(super) enum Statement<'a> {
    Match {
        key: Key<'a>,
        op: Op,
        value: Value<'a>,
        place: TextRange,
    },
    /// `KEY vmap { ... }` or `KEY vmap @map`.
    Vmap {
        key: Key<'a>,
        map: Value<'a>,
        place: TextRange,
    },
    Verdict(Verdict<'a>),
    Log,
    /// It lets only some packets on to the rest of the rule, and which hangs on more than the packet: a rate, a quota.
    Condition(String),
    /// No verdict, and no change that matters.
    Nothing,
    Notrack,
    /// `KEY set VALUE`; with a map, packets without an entry leave the rule.
    Change {
        key: Key<'a>,
        maps: bool,
    },
    /// `add @set { ... }`.
    Update {
        set: Cow<'a, str>,
        text: String,
    },
    /// The destination becomes another one.
    NewDestination,
    /// The source becomes another one.
    NewSource,
    /// Something outside of the rules decides, or it is not known what it does.
    Unknown {
        text: String,
        /// nftables is known to have it.
        known: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    Accept,
    Drop,
    Continue,
    Return,
    Jump(Cow<'a, str>),
    Goto(Cow<'a, str>),
    /// To a chain that is written in the rule, by its number in the table.
    Block(usize, bool),
    /// A program decides.
    Queue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// None written: equal, or for flags any of them.
    Implicit,
    Equal,
    Unequal,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    /// `!`: none of the flags.
    NoneOf,
}

/// What a match looks at.
#[derive(Clone, Debug)]
pub(super) enum Key<'a> {
    /// `ip saddr`.
    Payload(Cow<'a, str>, Cow<'a, str>),
    /// `@th,16,16`.
    Raw(Cow<'a, str>, u32, u32),
    Meta(Cow<'a, str>),
    /// With the direction where one is given.
    Ct(Cow<'a, str>, Option<Cow<'a, str>>),
    /// The flags, in order, and the result: `fib daddr . iif type`.
    Fib(String, Cow<'a, str>),
    /// All else, in one spelling.
    Other(String),
    Concat(Vec<Key<'a>>),
    /// `KEY & VALUE`, and with `|`, `^`, `<<`, `>>`.
    Operation(Box<Key<'a>>, &'static str, Box<Value<'a>>),
}

/// What a match compares with.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Word(Cow<'a, str>),
    /// `@name`: a named set or map.
    Reference(Cow<'a, str>),
    Range(Box<(Value<'a>, Value<'a>)>),
    Prefix(Box<Value<'a>>, u32),
    Concat(Vec<Value<'a>>),
    /// `a,b` or `a | b`: flags together.
    List(Vec<Value<'a>>),
    Set(Rc<Vec<Element<'a>>>),
    /// The value of a variable.
    Shared(Rc<Value<'a>>),
    /// `*`
    Rest,
    /// Another key, or something computed; in one spelling.
    Computed(String),
    /// A variable that nothing defines, or a gap that a template leaves.
    Unknown {
        name: String,
        placeholder: bool,
    },
}

impl Family {
    pub fn find(word: &str) -> Option<Family> {
        Some(match word {
            "ip" => Family::Ip,
            "ip6" => Family::Ip6,
            "inet" => Family::Inet,
            "arp" => Family::Arp,
            "bridge" => Family::Bridge,
            "netdev" => Family::Netdev,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Family::Ip => "ip",
            Family::Ip6 => "ip6",
            Family::Inet => "inet",
            Family::Arp => "arp",
            Family::Bridge => "bridge",
            Family::Netdev => "netdev",
        }
    }
}

impl Hook {
    pub fn find(word: &str) -> Option<Hook> {
        Some(match word {
            "ingress" => Hook::Ingress,
            "prerouting" => Hook::Prerouting,
            "input" => Hook::Input,
            "forward" => Hook::Forward,
            "output" => Hook::Output,
            "postrouting" => Hook::Postrouting,
            "egress" => Hook::Egress,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Hook::Ingress => "ingress",
            Hook::Prerouting => "prerouting",
            Hook::Input => "input",
            Hook::Forward => "forward",
            Hook::Output => "output",
            Hook::Postrouting => "postrouting",
            Hook::Egress => "egress",
        }
    }
}

impl Table<'_> {
    /// `inet filter`
    pub fn title(&self) -> String {
        format!("{} {}", self.family.name(), self.name)
    }
}

impl<'a> Value<'a> {
    /// The elements, where it is a set, be it by a variable.
    pub fn elements(&self) -> Option<&Rc<Vec<Element<'a>>>> {
        match self {
            Value::Set(elements) => Some(elements),
            Value::Shared(shared) => shared.elements(),
            _ => None,
        }
    }
}
