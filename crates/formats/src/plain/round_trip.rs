//! What is written reads back as what was meant, and what strangers write does no harm.

use std::net::IpAddr;

use diagnostics::apply;
use proptest::prelude::*;
use space::{
    Action, AddressSet, Conditions, Effort, FlowSet, IntervalSet, NameSet, Region, Rule, RuleId, RuleSet,
    Set, Side, Symbol, SymbolKind, difference, protocol,
};

use crate::plain::Plain;
use crate::plain::dialect::STANDARD;
use crate::plain::emit::{Cells, cells, default_row, write_rows};
use crate::plain::header::Column;
use crate::plain::records::Records;
use crate::{Change, Detection, Direction, Edited, Export, Format, NewRule, Refusal, RuleListing};

fn rule(name: &str, permit: bool, region: Region) -> NewRule {
    NewRule { name: name.to_owned(), permit, region }
}

fn listing(rules: Vec<NewRule>, default_permit: bool) -> RuleListing {
    RuleListing { name: "rules".to_owned(), direction: Direction::Transit, rules, default_permit }
}

fn https() -> Region {
    Region::any().service(protocol::TCP, IntervalSet::one(443))
}

fn named(name: &str) -> Region {
    Region::any().when(Conditions::named(Side::Destination, name))
}

fn refusal(region: Region) -> Refusal {
    let rules = vec![rule("a", true, region)];
    Plain.emit(&[listing(rules, false)]).expect_err("a row cannot say this")
}

/// Applies changes to a table and returns the new text.
fn edited(text: &str, changes: &[Change]) -> Result<String, Refusal> {
    let export = Plain.import(text).unwrap();
    let Edited { edits, commands, rollback } = Plain.edit(text, &export, 0, changes)?;
    assert!(commands.is_empty() && rollback.is_empty());
    Ok(apply(text, &edits).expect("the edits fit the text"))
}

#[test]
fn a_table_is_written_with_the_columns_it_needs() {
    let rules = vec![
        rule("web", true, https().from("10.0.0.1".parse::<IpAddr>().unwrap().into())),
        rule("names", true, named("*.example.com").protocol(protocol::UDP)),
        rule("say \"hi\",\nthere", false, Region::any().protocol(protocol::GRE)),
        rule("default", false, Region::any().to(AddressSet::any_v6())),
    ];
    let expected = "\
name,action,source,destination,service
web,permit,10.0.0.1,any,tcp/443
names,permit,any,*.example.com,udp
\"say \"\"hi\"\", there\",deny,any,any,gre
default rule,deny,any,any6,any
";
    assert_eq!(Plain.emit(&[listing(rules, false)]).as_deref(), Ok(expected));
    let from = Region { source_port: IntervalSet::range(1024, 65535), ..https() };
    assert_eq!(
        Plain.emit(&[listing(vec![rule("# a", true, from)], true)]).as_deref(),
        Ok("name,action,source,destination,service,source_port\n\
            \"# a\",permit,any,any,tcp/443,1024-65535\ndefault,permit,any,any,any,\n")
    );
    assert_eq!(
        Plain.emit(&[listing(Vec::new(), false)]).as_deref(),
        Ok("name,action,source,destination,service\ndefault,deny,any,any,any\n")
    );
}

#[test]
fn icmp_types_are_written_as_short_as_they_are_exact() {
    let at = |kind: u16, code: u16| kind * 256 + code;
    for ((low, high), words) in [
        ((at(8, 0), at(8, 255)), "icmp/8"),
        ((at(0, 0), at(8, 255)), "icmp/0-8"),
        ((at(3, 1), at(3, 1)), "icmp/3.1"),
        ((at(3, 0), at(3, 4)), "icmp/3.0-3.4"),
        ((at(3, 1), at(3, 255)), "icmp/3.1-3.255"),
        ((at(3, 0), at(5, 1)), "icmp/3.0-5.1"),
        ((at(0, 0), at(255, 255)), "icmp"),
    ] {
        let region = Region::any().service(protocol::ICMP, IntervalSet::range(low, high));
        let rules = vec![rule("a", true, region)];
        let text = Plain.emit(&[listing(rules.clone(), false)]).unwrap();
        assert!(text.ends_with(&format!(",{words}\n")), "{text}");
        assert_eq!(read_meanings(&Plain.import(&text).unwrap()), meanings(&rules));
    }
}

#[test]
fn what_a_row_cannot_say_is_refused() {
    let symbol = |kind| Region::any().when(Conditions::holds(Symbol::new(Side::Destination, kind, "Sql")));
    let not = Symbol::new(Side::Destination, SymbolKind::Name, "a.example.com");
    let two = Conditions::named(Side::Source, "a.example.com")
        .and(&Conditions::named(Side::Source, "b.example.com"));
    for (region, message) in [
        (symbol(SymbolKind::ServiceTag), "a condition on the service tag `Sql` cannot be written"),
        (symbol(SymbolKind::Match), "a condition on the match `Sql` cannot be written"),
        (
            Region::any().when(Conditions::lacks(not)),
            "a condition on the name `a.example.com` cannot be written",
        ),
        (Region::any().when(two.unwrap()), "a condition on the name `a.example.com` cannot be written"),
        (
            named("a.example.com").to(AddressSet::any_v4()),
            "`a.example.com` at certain addresses only cannot be written",
        ),
        (named("localhost"), "`localhost` cannot be written: it is no DNS name with a dot"),
        (Region::any().from(AddressSet::empty()), "the rule `a` matches nothing"),
        (
            Region { in_interface: NameSet::starting_with("eth"), ..Region::any() },
            "a set of interfaces such as `eth0` cannot be written",
        ),
        (
            Region { out_interface: NameSet::one("corp lan"), ..Region::any() },
            "a set of interfaces such as `corp lan` cannot be written",
        ),
        (
            Region { destination_port: IntervalSet::one(80), ..Region::any().protocol(protocol::GRE) },
            "ports of the protocol `gre` cannot be written: it has none",
        ),
        (
            Region { source_port: IntervalSet::one(80), ..Region::any().protocol(protocol::ICMP) },
            "ports of the protocol `icmp` cannot be written: it has none",
        ),
    ] {
        let refusal = refusal(region);
        assert_eq!(refusal.message, message);
        assert!(!refusal.help.is_empty());
    }
}

#[test]
fn a_name_and_the_wildcards_above_it_are_one_name() {
    for name in ["a.b.example.com", "*.b.example.com", "autodiscover.*.example.com"] {
        let text = Plain.emit(&[listing(vec![rule("a", true, named(name))], false)]).unwrap();
        assert!(text.ends_with(&format!("a,permit,any,{name},any\n")), "{text}");
    }
}

const TABLE: &str = "# edge\r\nservice;name;source;destination;action;comment;log\r\n\
    any;old;10.0.0.0/8;any;permit;ticket 12;yes\r\n\r\n# the rest\r\ntcp/25;mail;any;any;deny;;";

fn change(changes: &[Change]) -> String {
    edited(TABLE, changes).unwrap()
}

#[test]
fn edits_keep_the_shape_of_the_file() {
    let web = || rule("web; new", true, https());
    let (head, old, middle, mail) = (
        "# edge\r\nservice;name;source;destination;action;comment;log\r\n",
        "any;old;10.0.0.0/8;any;permit;ticket 12;yes\r\n",
        "\r\n# the rest\r\n",
        "tcp/25;mail;any;any;deny;;",
    );
    assert_eq!([head, old, middle, mail].concat(), TABLE);
    let new = "tcp/443;\"web; new\";any;any;permit;;\r\n";
    let insert = |before| Change::Insert { before, rule: web() };
    assert_eq!(change(&[insert(Some(RuleId(0)))]), [head, new, old, middle, mail].concat());
    assert_eq!(change(&[insert(Some(RuleId(1)))]), [head, old, middle, new, mail].concat());
    assert_eq!(change(&[insert(None)]), [head, old, middle, mail, "\r\n", new.trim_end()].concat());
    assert_eq!(change(&[Change::Remove { rule: RuleId(0) }]), [head, middle, mail].concat());
    assert_eq!(change(&[Change::Remove { rule: RuleId(1) }]), [head, old, middle].concat());
    // The comment stays, and so does whether the rule logs.
    let replaced = "tcp/443;\"web; new\";any;any;permit;ticket 12;yes\r\n";
    assert_eq!(
        change(&[Change::Replace { rule: RuleId(0), with: vec![web(), web()] }]),
        [head, replaced, replaced, middle, mail].concat()
    );
    let removals = [RuleId(0), RuleId(1)].map(|rule| Change::Remove { rule });
    assert_eq!(change(&removals), [head, middle, "\r\nany;default;any;any;deny;;"].concat());
}

#[test]
fn a_rule_after_all_rules_stands_before_the_default() {
    let text = "name,action,source,destination,service\ndefault,permit,any,any,any\n";
    let new = Change::Insert { before: None, rule: rule("web", false, https()) };
    assert_eq!(
        edited(text, &[new]).as_deref(),
        Ok("name,action,source,destination,service\nweb,deny,any,any,tcp/443\ndefault,permit,any,any,any\n")
    );
}

#[test]
fn a_table_without_names_takes_rules_without_names() {
    let text = "action,source,destination,service\npermit,any,any,any\n";
    let new = Change::Insert { before: Some(RuleId(0)), rule: rule("web", false, https()) };
    assert_eq!(
        edited(text, &[new]).as_deref(),
        Ok("action,source,destination,service\ndeny,any,any,tcp/443\npermit,any,any,any\n")
    );
}

#[test]
fn edits_that_cannot_be_made_are_refused() {
    let text = "name,action,source,destination,service\na,permit,any,any,any\n";
    let message = |changes: &[Change]| edited(text, changes).expect_err("this is refused").message;
    let from = Region { source_port: IntervalSet::one(53), ..https() };
    let insert = |before, region| Change::Insert { before, rule: rule("b", true, region) };
    assert_eq!(message(&[insert(None, from)]), "the table has no column `source_port`");
    assert_eq!(message(&[insert(Some(RuleId(1)), https())]), "the table has no rule number 2");
    assert_eq!(
        message(&[insert(None, named("localhost"))]),
        "`localhost` cannot be written: it is no DNS name with a dot"
    );
    let remove = Change::Remove { rule: RuleId(0) };
    assert_eq!(message(&[remove.clone(), remove]), "two changes are to be made to the rule `a`");
    let export = Plain.import(text).unwrap();
    assert!(Plain.edit(text, &export, 1, &[]).is_err());
}

fn any_addresses() -> impl Strategy<Value = AddressSet> {
    let v4 = (any::<u32>(), 0u32..2000).prop_map(|(low, length)| AddressSet {
        v4: IntervalSet::range(low, low.saturating_add(length)),
        v6: IntervalSet::empty(),
    });
    let v6 = (any::<u128>(), any::<u16>()).prop_map(|(low, length)| AddressSet {
        v4: IntervalSet::empty(),
        v6: IntervalSet::range(low, low.saturating_add(length.into())),
    });
    let v4_prefix = (any::<u32>(), 0u8..=32)
        .prop_map(|(bits, length)| ipnet::Ipv4Net::new(bits.into(), length).unwrap().trunc().into());
    let v6_prefix = (any::<u128>(), 0u8..=128)
        .prop_map(|(bits, length)| ipnet::Ipv6Net::new(bits.into(), length).unwrap().trunc().into());
    let one = prop_oneof![
        Just(AddressSet::any()),
        Just(AddressSet::any_v4()),
        Just(AddressSet::any_v6()),
        v4,
        v6,
        v4_prefix,
        v6_prefix
    ];
    prop::collection::vec(one, 1..4).prop_map(|sets| AddressSet::union_of(&sets))
}

/// Addresses, or a name in any of them.
fn any_endpoint() -> impl Strategy<Value = (AddressSet, Option<&'static str>)> {
    let name = prop::sample::select(vec![
        "a.example.com",
        "b.a.example.com",
        "*.example.com",
        "*.a.example.com",
        "autodiscover.*.example.com",
        "host-1.example.org",
    ]);
    prop_oneof![
        3 => any_addresses().prop_map(|addresses| (addresses, None)),
        1 => name.prop_map(|name| (AddressSet::any(), Some(name)))
    ]
}

fn any_ports() -> impl Strategy<Value = IntervalSet<u16>> {
    let range = (any::<u16>(), 0u16..600).prop_map(|(low, length)| (low, low.saturating_add(length)));
    let some = prop::collection::vec(range, 1..4).prop_map(IntervalSet::from_ranges);
    prop_oneof![Just(IntervalSet::any()), some]
}

/// Protocols, source ports and destination ports.
fn any_service() -> impl Strategy<Value = (IntervalSet<u8>, IntervalSet<u16>, IntervalSet<u16>)> {
    let set = |numbers: Vec<u8>| IntervalSet::from_ranges(numbers.into_iter().map(|number| (number, number)));
    let ported = prop::sample::subsequence(protocol::WITH_PORTS.to_vec(), 1..=3).prop_map(set);
    // ICMP types beside ports of the same numbers are what canonical flow sets are made of.
    let numbered =
        prop::sample::subsequence(vec![protocol::ICMP, protocol::TCP, protocol::ICMPV6], 1..=3).prop_map(set);
    let whole = prop::collection::vec((any::<u8>(), 0u8..20), 1..4).prop_map(|ranges| {
        IntervalSet::from_ranges(ranges.into_iter().map(|(low, length)| (low, low.saturating_add(length))))
    });
    let any = IntervalSet::any;
    prop_oneof![
        1 => Just((IntervalSet::any(), any(), any())),
        4 => (ported, any_ports(), any_ports()),
        1 => (numbered, any_ports()).prop_map(move |(protocols, ports)| (protocols, any(), ports)),
        1 => whole.prop_map(move |protocols| (protocols, any(), any()))
    ]
}

fn any_interface() -> impl Strategy<Value = NameSet> {
    prop_oneof![
        4 => Just(NameSet::any()),
        1 => prop::sample::subsequence(vec!["lan", "eth0.12", "ge-0/0/1", "WAN"], 1..3)
            .prop_map(|names| names.into_iter().fold(NameSet::empty(), |all, name| all.union(&NameSet::one(name))))
    ]
}

fn any_rule() -> impl Strategy<Value = NewRule> {
    let name = prop_oneof!["[a-c]{1,2}", "[a# ,;\"\t\n=ø]{0,6}", Just("default".to_owned())];
    let interfaces = (any_interface(), any_interface());
    (name, any::<bool>(), any_endpoint(), any_endpoint(), any_service(), interfaces).prop_map(
        |(name, permit, (source, source_name), (destination, destination_name), service, interfaces)| {
            let named = |side, name: Option<&str>| {
                name.map_or_else(Conditions::none, |name| Conditions::named(side, name))
            };
            let conditions =
                named(Side::Source, source_name).and(&named(Side::Destination, destination_name));
            let (protocol, source_port, destination_port) = service;
            let (in_interface, out_interface) = interfaces;
            let conditions = conditions.unwrap();
            let region = Region {
                source,
                destination,
                protocol,
                source_port,
                destination_port,
                in_interface,
                out_interface,
                conditions,
            };
            NewRule { name, permit, region }
        },
    )
}

/// The meaning of a rule, in the one form that equal meanings share.
fn meaning(permit: bool, regions: &[Region]) -> (bool, FlowSet) {
    let set: FlowSet = regions.iter().cloned().collect();
    (permit, set.canonical(&Effort::usual()).unwrap())
}

fn meanings(rules: &[NewRule]) -> Vec<(bool, FlowSet)> {
    rules.iter().map(|rule| meaning(rule.permit, std::slice::from_ref(&rule.region))).collect()
}

fn read_meanings(export: &Export) -> Vec<(bool, FlowSet)> {
    let rules = &export.rule_sets[0].rules.chains[0].rules;
    rules.iter().map(|rule| meaning(rule.action == Action::Permit, &rule.matches)).collect()
}

fn as_rule_set(rules: &[NewRule], default_permit: bool) -> RuleSet {
    let action = |permit| if permit { Action::Permit } else { Action::Deny };
    let rules = rules.iter().zip(0..).map(|(rule, number)| Rule {
        id: RuleId(number),
        matches: vec![rule.region.clone()],
        action: action(rule.permit),
    });
    RuleSet::flat(rules.collect(), action(default_permit))
}

/// A file in some shape: which columns stand where, delimiter, line ending, comments between the rows.
#[derive(Clone, Debug)]
struct Shape {
    columns: Vec<Option<Column>>,
    delimiter: u8,
    line_ending: &'static str,
    between: Vec<&'static str>,
    ends_line: bool,
}

fn any_shape() -> impl Strategy<Value = Shape> {
    use Column::*;
    let all = [
        Name,
        Action,
        Source,
        Destination,
        Service,
        SourcePort,
        InInterface,
        OutInterface,
        Enabled,
        Log,
        Comment,
    ];
    let columns: Vec<Option<Column>> = all.into_iter().map(Some).chain([None]).collect();
    let between = prop::sample::select(vec!["", "", "  ", "# a, comment", "  # \"another"]);
    (
        Just(columns).prop_shuffle(),
        prop::sample::select(vec![b',', b';', b'\t']),
        prop::sample::select(vec!["\n", "\r\n", "\r"]),
        prop::collection::vec(between, 12),
        any::<bool>(),
    )
        .prop_map(|(columns, delimiter, line_ending, between, ends_line)| Shape {
            columns,
            delimiter,
            line_ending,
            between,
            ends_line,
        })
}

fn write(shape: &Shape, rules: &[NewRule], default_permit: bool) -> String {
    let header: Cells =
        shape.columns.iter().flatten().map(|column| (*column, column.name().to_owned())).collect();
    let mut rows = vec![header];
    rows.extend(rules.iter().map(|rule| cells(rule, &STANDARD).unwrap()));
    if default_permit || rules.is_empty() {
        rows.push(default_row(default_permit, &STANDARD));
    }
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        text.push_str(&write_rows(
            std::slice::from_ref(row),
            &shape.columns,
            shape.delimiter,
            shape.line_ending,
        ));
        let between = shape.between[at % shape.between.len()];
        if !between.is_empty() {
            text.push_str(between);
            text.push_str(shape.line_ending);
        }
    }
    if !shape.ends_line {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    }
    text
}

/// What is done to a rule.
#[derive(Clone, Debug)]
enum Step {
    Keep,
    InsertBefore(Vec<NewRule>),
    Remove,
    Replace(Vec<NewRule>),
    InsertAndRemove(Box<NewRule>),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Keep),
        1 => prop::collection::vec(any_rule(), 1..3).prop_map(Step::InsertBefore),
        1 => Just(Step::Remove),
        1 => prop::collection::vec(any_rule(), 0..3).prop_map(Step::Replace),
        1 => any_rule().prop_map(|rule| Step::InsertAndRemove(Box::new(rule)))
    ]
}

fn comments(text: &str) -> Vec<&str> {
    text.split(['\r', '\n']).filter(|line| line.trim_start().starts_with('#')).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn what_is_written_reads_back_the_same(
        rules in prop::collection::vec(any_rule(), 0..5),
        default_permit: bool,
    ) {
        let text = Plain.emit(&[listing(rules.clone(), default_permit)]).unwrap();
        prop_assert_eq!(Plain.detect(&text), Detection::Sure);
        let export = Plain.import(&text).unwrap();
        prop_assert_eq!(&export.problems, &[]);
        prop_assert_eq!(read_meanings(&export), meanings(&rules));
        let meant = as_rule_set(&rules, default_permit);
        let found = difference(&meant, &export.rule_sets[0].rules, &Effort::usual()).unwrap();
        prop_assert!(found.is_empty(), "{:?}\n{}", found, text);
    }

    #[test]
    fn edits_make_the_changes_and_no_other(
        shape in any_shape(),
        rules in prop::collection::vec((any_rule(), any_step()), 0..5),
        last in prop::collection::vec(any_rule(), 0..2),
        default_permit: bool,
    ) {
        let (rules, steps): (Vec<NewRule>, Vec<Step>) = rules.into_iter().unzip();
        let text = write(&shape, &rules, default_permit);
        let export = Plain.import(&text).unwrap();
        prop_assert_eq!(read_meanings(&export), meanings(&rules));
        let (mut changes, mut expected) = (Vec::new(), Vec::new());
        for ((rule, step), id) in rules.into_iter().zip(steps).zip((0..).map(RuleId)) {
            match step {
                Step::Keep => expected.push(rule),
                Step::InsertBefore(new) => {
                    let insert = |rule: &NewRule| Change::Insert { before: Some(id), rule: rule.clone() };
                    changes.extend(new.iter().map(insert));
                    expected.extend(new);
                    expected.push(rule);
                }
                Step::Remove => changes.push(Change::Remove { rule: id }),
                Step::Replace(new) => {
                    changes.push(Change::Replace { rule: id, with: new.clone() });
                    expected.extend(new);
                }
                Step::InsertAndRemove(new) => {
                    changes.push(Change::Remove { rule: id });
                    changes.push(Change::Insert { before: Some(id), rule: (*new).clone() });
                    expected.push(*new);
                }
            }
        }
        changes.extend(last.iter().map(|rule| Change::Insert { before: None, rule: rule.clone() }));
        expected.extend(last);
        let new_text = edited(&text, &changes).unwrap();
        let new = Plain.import(&new_text).unwrap();
        prop_assert_eq!(read_meanings(&new), meanings(&expected), "{}\n{}", &text, &new_text);
        prop_assert_eq!(
            new.rule_sets[0].rules.stages[0].default,
            if default_permit { Action::Permit } else { Action::Deny }
        );
        prop_assert_eq!(comments(&new_text), comments(&text));
        if changes.is_empty() {
            prop_assert_eq!(new_text, text);
        }
    }

    #[test]
    fn records_are_those_of_the_csv_crate(
        lines in prop::collection::vec(
            prop_oneof![
                1 => "#[a,\"]{0,4}",
                1 => Just(String::new()),
                6 => "[a-c]{1,2} ?(,( ?[a-c]{0,2}\t?|\"([a,;\r\n ø]|\"\"){0,5}\")){0,4}",
            ],
            0..6,
        ),
        line_ending in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        // For the crate, a comment ends at a line feed only.
        let text = lines.join(line_ending) + line_ending;
        let mut reader = csv::ReaderBuilder::new();
        reader.has_headers(false).flexible(true).comment(Some(b'#')).trim(csv::Trim::All);
        let theirs: Vec<Vec<String>> = reader
            .from_reader(text.as_bytes())
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect();
        let mut ours = Vec::new();
        for record in Records::new(&text, b',', usize::MAX) {
            let record = record.unwrap();
            for field in &record.fields {
                prop_assert_eq!(&text[std::ops::Range::from(field.word.place)], field.word.text);
                prop_assert!(field.words(&STANDARD).all(|word| &text[std::ops::Range::from(word.place)] == word.text));
            }
            ours.push(record.fields.iter().map(|field| field.value().into_owned()).collect::<Vec<_>>());
        }
        prop_assert_eq!(ours, theirs, "{:?}", text);
    }

    #[test]
    fn whatever_stands_in_a_file_is_read_or_refused(
        rows in "([a-c:/.!*\"#; \r\n,-]|any|any,|permit,|10\\.0\\.0\\.|tcp/|0-|\u{0}|ø|2001:db8::){0,60}",
        whole: bool,
    ) {
        let header = if whole { "action,name,source,destination,service,enabled,x\n" } else { "action" };
        let text = format!("{header}{rows}");
        Plain.detect(&text);
        if let Ok(export) = Plain.import(&text) {
            let places = export.coverage.statements.iter().map(|statement| statement.place);
            for place in places.chain(export.problems.iter().map(|problem| problem.place)) {
                prop_assert!(text.get(std::ops::Range::from(place)).is_some(), "{:?} in {:?}", place, text);
            }
            let set = &export.rule_sets[0];
            prop_assert_eq!(set.rules.check(), Ok(()));
            prop_assert!(set.rules.rules().all(|rule| (rule.id.0 as usize) < set.entries.len()));
        }
    }
}
