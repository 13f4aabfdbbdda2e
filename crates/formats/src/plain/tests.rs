use diagnostics::TextRange;
use space::{
    Action, AddressSet, Conditions, FlowSet, IntervalSet, NameSet, Region, Rule, Set, Side, SymbolKind,
    protocol,
};

use crate::plain::Plain;
use crate::{Detection, Export, Format, ImportError, Status};

const HEADER: &str = "name,action,source,destination,service\n";

fn import(text: &str) -> Export {
    let export = Plain.import(text).unwrap_or_else(|error| panic!("{error:?} in\n{text}"));
    assert_accounted_for(text, &export);
    export
}

/// Each record of the file is one statement, in order, and every rule leads to its row.
fn assert_accounted_for(text: &str, export: &Export) {
    let statements = &export.coverage.statements;
    assert!(statements.windows(2).all(|pair| pair[0].place.end <= pair[1].place.start), "{statements:?}");
    let between: Vec<TextRange> = statements.iter().map(|statement| statement.place).collect();
    let mut rest = text.to_owned();
    for place in between.iter().rev() {
        rest.replace_range(std::ops::Range::from(*place), "");
    }
    let left_over = rest.lines().find(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
    assert_eq!(left_over, None);
    let rules = &export.rule_sets[0];
    assert!(rules.entries.iter().all(|entry| between.contains(&entry.place)));
    assert_eq!(rules.rules.check(), Ok(()));
    let names: std::collections::BTreeSet<&str> =
        rules.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names.len(), rules.entries.len(), "names are unique");
}

fn error(text: &str) -> ImportError {
    Plain.import(text).map(|_| ()).expect_err("this is no table of rules")
}

fn rules(export: &Export) -> &[Rule] {
    &export.rule_sets[0].rules.chains[0].rules
}

/// The rule that a row below the usual header becomes.
fn only_rule(row: &str) -> Rule {
    let export = import(&format!("{HEADER}{row}\n"));
    assert_eq!(export.problems, []);
    assert_eq!(rules(&export).len(), 1);
    rules(&export)[0].clone()
}

/// What a rule with this service matches, written `any -> any`.
fn service(words: &str) -> Vec<Region> {
    only_rule(&format!("a,permit,any,any,\"{words}\"")).matches
}

/// The set of an address or a prefix.
fn address(text: &str) -> AddressSet {
    match text.parse::<ipnet::IpNet>() {
        Ok(net) => net.into(),
        Err(_) => text.parse::<std::net::IpAddr>().unwrap().into(),
    }
}

/// The texts that the problems underline, with their messages.
fn problems<'t>(text: &'t str, export: &'t Export) -> Vec<(&'t str, &'t str)> {
    let problem =
        |problem: &'t crate::Problem| (&text[std::ops::Range::from(problem.place)], &*problem.message);
    export.problems.iter().map(problem).collect()
}

/// Asserts that a row is kept as an unknown with one problem, and returns the text that it underlines and its message.
fn misread(header: &str, row: &str) -> (String, String) {
    let filler = ",".repeat(header.matches(',').count() - 4);
    let text = format!("{header}\n{row}\nlast,permit,any,any,any{filler}\n");
    let export = Plain.import(&text).unwrap();
    let rule = &rules(&export)[0];
    assert_eq!(rule.action, Action::Unknown, "{row}");
    assert_eq!(rule.matches.len(), 1);
    assert_eq!(rule.matches[0].packets_only(), Region::any());
    let conditions: Vec<_> = rule.matches[0].conditions.iter().collect();
    assert!(
        matches!(conditions.as_slice(), [(symbol, true)] if symbol.kind == SymbolKind::Match),
        "{conditions:?}"
    );
    assert_eq!(export.coverage.statements[1].status, Status::NotUnderstood);
    let found = problems(&text, &export);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(!export.problems[0].help.is_empty());
    (found[0].0.to_owned(), found[0].1.to_owned())
}

#[test]
fn a_small_table() {
    let text = "\
# perimeter
name,action,source,destination,service,comment,log
web,permit,10.0.0.0/8,192.0.2.10,tcp/443 tcp/80,ticket 12,yes

dns,allow,any4,192.0.2.53,udp/53 tcp/53,,
rest,drop,any,any,any,\"all, logged\",yes
";
    let export = import(text);
    assert_eq!(export.problems, []);
    let set = &export.rule_sets[0];
    assert_eq!((set.name.as_str(), set.direction, set.stateful), ("rules", crate::Direction::Transit, true));
    assert_eq!(set.stages[0].name, "implicit deny");
    assert_eq!((set.stages[0].place, set.rules.stages[0].default), (None, Action::Deny));
    let expected = [
        Region::any()
            .from(address("10.0.0.0/8"))
            .to(address("192.0.2.10"))
            .service(protocol::TCP, IntervalSet::from_ranges([(80, 80), (443, 443)])),
        Region {
            protocol: IntervalSet::from_ranges([(6, 6), (17, 17)]),
            destination_port: IntervalSet::one(53),
            ..Region::any().from(AddressSet::any_v4()).to(address("192.0.2.53"))
        },
        Region::any(),
    ];
    let matches: Vec<&[Region]> = rules(&export).iter().map(|rule| &*rule.matches).collect();
    assert_eq!(matches, expected.iter().map(std::slice::from_ref).collect::<Vec<_>>());
    let actions: Vec<Action> = rules(&export).iter().map(|rule| rule.action).collect();
    assert_eq!(actions, [Action::Permit, Action::Permit, Action::Deny]);
    let web = &set.entries[0];
    assert_eq!((web.name.as_str(), web.comment.as_deref(), web.logs), ("web", Some("ticket 12"), true));
    assert_eq!(
        &text[std::ops::Range::from(web.place)],
        "web,permit,10.0.0.0/8,192.0.2.10,tcp/443 tcp/80,ticket 12,yes"
    );
    assert_eq!(set.entries[1].comment, None);
    assert_eq!(set.entries[2].comment.as_deref(), Some("all, logged"));
    assert_eq!(
        export.coverage.totals().in_words(),
        "3 understood, 1 irrelevant, 0 approximated, 0 not understood"
    );
}

#[test]
fn any_delimiter_order_case_and_line_ending() {
    let usual = import("name,action,source,destination,service\nweb,permit,10.0.0.1,any,tcp/443\n");
    for text in [
        "NAME;Action;source;DESTINATION;Service\r\nweb;permit;10.0.0.1;any;tcp/443\r\n",
        "service\tname\tsource\tdestination\taction\ntcp/443\tweb\t10.0.0.1\tany\tpermit",
        "\n# made by hand\n name , action , source , destination , service \r web , PERMIT , 10.0.0.1 , ANY , TCP/443 \r",
        "\"name\",\"action\",\"source\",\"destination\",\"service\"\n\"web\",\"permit\",\"10.0.0.1\",\"any\",\"tcp/443\"\n",
        "name,action,source,destination,service\nweb, \"allow\" ,\"10.0.0.1\n10.0.0.1\",\"any\", \"tcp/443,\ttcp/443\"\n",
        "name,action,source,destination,service,Source Port\nweb,accept,10.0.0.1,any,tcp/443,any\n",
    ] {
        assert_eq!(Plain.detect(text), Detection::Sure, "{text}");
        let export = import(text);
        assert_eq!(export.rule_sets[0].rules, usual.rule_sets[0].rules, "{text}");
        assert_eq!(export.rule_sets[0].entries[0].name, "web");
        assert_eq!(export.problems, []);
    }
}

#[test]
fn what_is_no_table_is_not_detected() {
    for text in [
        "",
        "\n# name,action\n",
        "*filter\n-A FORWARD -j DROP\n",
        "{\"a\": [1, 2]}",
        "\"",
        "name,action,source,service\n",
    ] {
        assert_eq!(Plain.detect(text), Detection::No, "{text}");
        assert!(Plain.import(text).is_err(), "{text}");
    }
}

#[test]
fn errors_say_what_a_header_is() {
    let missing = error("# rules\nname;action;source;service\na;permit;any;any\n");
    assert_eq!(missing.message, "the header lacks the column `destination`");
    assert_eq!(missing.place, TextRange::new(8, 34));
    assert!(missing.help.contains("`name,action,source,destination,service`"));
    assert_eq!(
        error("a,b\n").message,
        "the header lacks the columns `action`, `source`, `destination` and `service`"
    );
    assert_eq!(error("# nothing\n").message, "there is no header");
    let twice = error("action,source,Source,destination,service\n");
    assert_eq!(
        (twice.message.as_str(), twice.place),
        ("the header has the column `source` twice", TextRange::new(14, 20))
    );
}

#[test]
fn no_rules_is_an_error_and_not_an_empty_rule_set() {
    for rows in ["", "\n\n# nothing\n", ",,,,\n", "  \n,,\n"] {
        let error = error(&format!("{HEADER}{rows}"));
        assert_eq!(error.message, "the table has no rules");
        assert_eq!(error.place, TextRange::new(0, HEADER.len() - 1));
    }
}

#[test]
fn a_file_that_was_cut_off_in_a_quote_is_an_error() {
    let text = format!("{HEADER}a,permit,any,any,any\nb,permit,\"10.0.0.1 10.0.");
    let error = error(&text);
    assert_eq!(error.message, "the quote is never closed");
    assert_eq!(&text[std::ops::Range::from(error.place)], "\"");
    assert_eq!(error.place.start as usize, text.find('"').unwrap());
}

#[test]
fn addresses_of_every_kind_are_one_set() {
    let rule = only_rule(
        "a,permit,10.0.0.1 10.1.0.0/16 2001:db8::/32 10.0.0.5-10.0.0.9,\"any6,192.0.2.1, ::1\",any",
    );
    let source = AddressSet::union_of(&[
        address("10.0.0.1"),
        address("10.1.0.0/16"),
        address("2001:db8::/32"),
        AddressSet::range("10.0.0.5".parse().unwrap(), "10.0.0.9".parse().unwrap()),
    ]);
    let destination = AddressSet::any_v6().union(&address("192.0.2.1"));
    assert_eq!(rule.matches, [Region::any().from(source).to(destination)]);
}

#[test]
fn names_are_conditions_beside_the_addresses() {
    let rule = only_rule("a,permit,any,192.0.2.1 A.example.com. *.example.org,tcp/443");
    let to = Region::any().service(protocol::TCP, IntervalSet::one(443));
    let named = |name| to.clone().when(Conditions::named(Side::Destination, name));
    let addresses = to.clone().to(address("192.0.2.1"));
    assert_eq!(rule.matches, [addresses, named("a.example.com"), named("*.example.org")]);

    let both = only_rule("a,permit,10.0.0.1 s.example.com,d.example.com,any").matches;
    let source = Conditions::named(Side::Source, "s.example.com");
    let destination = Conditions::named(Side::Destination, "d.example.com");
    assert_eq!(
        both,
        [
            Region::any().from(address("10.0.0.1")).when(destination.clone()),
            Region::any().when(source.and(&destination).unwrap())
        ]
    );
}

#[test]
fn two_rules_that_name_one_host_share_the_symbol() {
    let export = import(&format!("{HEADER}a,permit,any,x.example.com,any\nb,deny,any,X.Example.COM,any\n"));
    assert_eq!(rules(&export)[0].matches, rules(&export)[1].matches);
}

#[test]
fn services_of_every_kind() {
    let whole = |low, high| Region { protocol: IntervalSet::range(low, high), ..Region::any() };
    let ports = |protocol, low, high| Region::any().service(protocol, IntervalSet::range(low, high));
    assert_eq!(service("any"), [Region::any()]);
    assert_eq!(service("tcp/80-90"), [ports(protocol::TCP, 80, 90)]);
    assert_eq!(
        service("TCP gre"),
        [Region { protocol: IntervalSet::from_ranges([(6, 6), (47, 47)]), ..Region::any() }]
    );
    assert_eq!(service("ip/47"), [whole(47, 47)]);
    assert_eq!(service("ip/0-5, ip/6-255"), [Region::any()]);
    assert_eq!(service("icmp"), [whole(1, 1)]);
    assert_eq!(service("icmp/8"), [ports(protocol::ICMP, 8 * 256, 8 * 256 + 255)]);
    assert_eq!(service("icmp/3.1"), [ports(protocol::ICMP, 3 * 256 + 1, 3 * 256 + 1)]);
    assert_eq!(service("icmpv6/128-129"), [ports(protocol::ICMPV6, 128 * 256, 129 * 256 + 255)]);
    assert_eq!(service("sctp/1"), [ports(protocol::SCTP, 1, 1)]);
    // Type 8, code 0 has the number of port 2048: no region may hold both.
    assert_eq!(service("icmp/8.0 tcp/2048").len(), 2);
    assert_eq!(service("icmpv6/8.0 tcp/2048").len(), 2);
    assert_eq!(
        service("tcp tcp/80 icmp"),
        [
            Region { protocol: IntervalSet::from_ranges([(1, 1), (6, 6)]), ..Region::any() },
            ports(protocol::TCP, 80, 80),
        ]
    );
}

#[test]
fn source_ports_belong_to_services_with_ports() {
    let header = "name,action,source,destination,service,source_port";
    let export =
        import(&format!("{header}\na,permit,any,any,tcp udp/53,1024-65535 53\nb,deny,any,any,icmp,\n"));
    let from = IntervalSet::from_ranges([(53, 53), (1024, 65535)]);
    assert_eq!(
        rules(&export)[0].matches,
        [
            Region { source_port: from.clone(), ..Region::any().protocol(protocol::TCP) },
            Region { source_port: from, ..Region::any().service(protocol::UDP, IntervalSet::one(53)) },
        ]
    );
    let any = import(&format!("{header}\na,permit,any,any,tcp,53 any\n"));
    assert_eq!(rules(&any)[0].matches, [Region::any().protocol(protocol::TCP)]);
    for service in ["any", "icmp", "tcp gre", "ip/5-6"] {
        let text = format!("{header}\na,permit,any,any,{service},53\nb,deny,any,any,any,\n");
        let export = Plain.import(&text).unwrap();
        assert_eq!(rules(&export)[0].action, Action::Unknown, "{service}");
        assert_eq!(problems(&text, &export), [("53", "`53` is a source port for a service without ports")]);
    }
}

#[test]
fn interfaces_by_name() {
    let header = "name,action,source,destination,service,in_interface,out_interface";
    let export = import(&format!("{header}\na,permit,any,any,any,lan dmz,any\nb,deny,any,any,any,,WAN\n"));
    assert_eq!(
        rules(&export)[0].matches,
        [Region { in_interface: NameSet::one("dmz").union(&NameSet::one("lan")), ..Region::any() }]
    );
    assert_eq!(rules(&export)[1].matches, [Region { out_interface: NameSet::one("WAN"), ..Region::any() }]);
    for pattern in ["eth+", "!lan", "any !lan", "eth*"] {
        let text = format!("{header}\na,permit,any,any,any,{pattern},\n");
        assert_eq!(rules(&Plain.import(&text).unwrap())[0].action, Action::Unknown, "{pattern}");
    }
}

#[test]
fn a_value_that_is_not_understood_makes_the_rule_an_unknown() {
    let header = HEADER.trim_end();
    let mut cases = Vec::new();
    for (field, words) in [
        (1, "maybe permitted"),
        (
            2,
            "!10.0.0.1 300.1.1.1 10.0.0.256 10.0.0.0/33 10.0.0.0/+8 10.0.0.0/08 010.0.0.1 10.0.0.1/24 10.0.0.0/255.0.0.0",
        ),
        (
            3,
            "10.0.0.9-10.0.0.1 10.0.0.1-::1 10.0.0.1-10 mailserver internal * 10.0.0.l 10.0 fe80::1%eth0 2001:db8::1/32 a..com",
        ),
        (
            4,
            "443 tcp/70000 tcp/90-80 tcp/ tcp/1024- tcp/+5 tcp/080 gre/5 ip ip/256 icmp/300 icmp/8.256 https tcp/https 6 tcp/*",
        ),
    ] {
        for word in words.split(' ') {
            let mut row = ["a", "permit", "any", "any", "any"].map(str::to_owned);
            row[field] = word.to_owned();
            cases.push((row.join(","), word));
            // A list is not understood in part: `any !x` is not `any`.
            if field > 1 {
                row[field] = format!("\"any, {word}\"");
                cases.push((row.join(","), word));
            }
        }
    }
    for (row, word) in cases {
        let (underlined, message) = misread(header, &row);
        assert_eq!(underlined, word, "{row}");
        assert!(message.contains(&format!("`{word}`")), "{message}");
    }
}

#[test]
fn messages_say_what_to_write() {
    let text = format!("{HEADER}a,permit,10.1.2.3/24,!10.0.0.1,tcp/70000\n");
    let export = Plain.import(&text).unwrap();
    assert_eq!(
        problems(&text, &export),
        [
            ("10.1.2.3/24", "`10.1.2.3/24` has bits behind the prefix"),
            ("!10.0.0.1", "`!10.0.0.1` is no address, prefix, range or DNS name"),
            ("tcp/70000", "`tcp/70000` is no service"),
        ]
    );
    let helps: Vec<&str> = export.problems.iter().map(|problem| problem.help.as_str()).collect();
    assert_eq!(
        helps,
        [
            "write `10.1.2.0/24` for the network, or `10.1.2.3` for the host",
            "there is no negation here: put a rule of the other action before this one",
            "write `any`, `tcp/443`, `udp/1024-2048`, `icmp/8`, `gre` or `ip/47`, with blanks between them",
        ]
    );
    assert_eq!(export.coverage.statements[1].reason, "`10.1.2.3/24` has bits behind the prefix");
}

#[test]
fn an_empty_field_is_not_any() {
    for (row, message) in [
        ("a,,any,any,any", "the rule has no action"),
        ("a,permit,,any,any", "the rule has no source"),
        ("a,permit,any,\"  \",any", "the rule has no destination"),
        ("a,permit,any,any,", "the rule has no service"),
        ("a,permit,any,\" , \",any", "the rule has no destination"),
    ] {
        assert_eq!(misread(HEADER.trim_end(), row), (row.to_owned(), message.to_owned()));
    }
}

#[test]
fn a_row_of_the_wrong_length_is_an_unknown() {
    for (row, message) in [
        ("a,permit,any,any,any,", "the row has 6 fields, and the header 5"),
        ("a,permit,any,10.0.0.1,10.0.0.2,any", "the row has 6 fields, and the header 5"),
        ("a,permit,any,any", "the row has 4 fields, and the header 5"),
    ] {
        let found = misread(HEADER.trim_end(), row);
        assert_eq!((found.0.as_str(), found.1.as_str()), (row, message));
        let export = Plain.import(&format!("{HEADER}{row}")).unwrap();
        assert_eq!(export.rule_sets[0].entries[0].name, "a");
    }
}

#[test]
fn a_disabled_word_in_a_row_of_the_wrong_length_disables_nothing() {
    let header = "name,action,source,destination,service,enabled";
    let text = format!("{header}\na,permit,any,10.0.0.1,10.0.0.2,any,0\nb,permit,any,any,tcp/80,no,x\n");
    let export = Plain.import(&text).unwrap();
    assert!(rules(&export).iter().all(|rule| rule.action == Action::Unknown));
    assert_eq!(rules(&export).len(), 2);
}

#[test]
fn text_behind_a_closing_quote_is_a_problem() {
    let (underlined, message) = misread(HEADER.trim_end(), "a,permit,\"any\"6,any,any");
    assert_eq!((underlined.as_str(), message.as_str()), ("6", "text follows a closing quote"));
}

#[test]
fn two_rules_that_are_not_understood_are_not_the_same_unknown() {
    for header in [HEADER.trim_end(), "action,source,destination,service"] {
        let row = if header.starts_with("name") { "a,permit,any,here,any" } else { "permit,any,here,any" };
        let text = format!("{header}\n{row}\n{row}\n");
        let export = Plain.import(&text).unwrap();
        assert_ne!(rules(&export)[0].matches, rules(&export)[1].matches);
        // A row above them leaves the first of them the same.
        let above = row.replace("here", "any");
        let later =
            Plain.import(&format!("{header}\n{}\n{row}\n", above.replace("a,permit", "b,permit"))).unwrap();
        assert_eq!(rules(&later)[1].matches, rules(&export)[0].matches);
    }
}

#[test]
fn disabled_rules_are_listed_and_match_nothing() {
    let header = "name,action,source,destination,service,enabled";
    for word in ["no", "FALSE", "0"] {
        let text = format!(
            "{header}\na,permit,any,any,any,{word}\nb,permit,here,any,any,{word}\nc,deny,any,any,any,\n"
        );
        let export = Plain.import(&text).unwrap();
        let entries = &export.rule_sets[0].entries;
        let states: Vec<_> = entries.iter().map(|entry| (entry.enabled, entry.inactive)).collect();
        assert_eq!(states, [(false, Some("disabled")), (false, Some("disabled")), (true, None)]);
        let ids: Vec<u32> = rules(&export).iter().map(|rule| rule.id.0).collect();
        assert_eq!(ids, [2], "the number of a rule is its place in the list of entries");
        let statuses: Vec<Status> =
            export.coverage.statements.iter().map(|statement| statement.status).collect();
        assert_eq!(
            statuses,
            [Status::Irrelevant, Status::Understood, Status::Irrelevant, Status::Understood]
        );
        assert_eq!(export.problems.len(), 1);
    }
    for word in ["", "yes", "True", "1"] {
        let export = import(&format!("{header}\na,permit,any,any,any,{word}\n"));
        assert_eq!(rules(&export).len(), 1);
    }
    assert_eq!(
        misread(header, "a,permit,any,any,any,perhaps"),
        ("perhaps".to_owned(), "`perhaps` is neither yes nor no".to_owned())
    );
}

#[test]
fn how_a_rule_logs_decides_nothing() {
    let text = "name,action,source,destination,service,log\na,permit,any,any,any,session-end\n";
    let export = import(text);
    assert_eq!(problems(text, &export), [("session-end", "`session-end` is neither yes nor no")]);
    assert_eq!(
        (rules(&export)[0].action, &*rules(&export)[0].matches),
        (Action::Permit, &[Region::any()][..])
    );
}

#[test]
fn a_column_that_is_not_known_narrows_in_an_unknown_way() {
    let text = "name,action,source,destination,service,schedule\na,permit,any,any,tcp/80,office hours\nb,deny,any,any,any,\n";
    let export = import(text);
    assert_eq!(problems(text, &export), [("schedule", "the column `schedule` is not known")]);
    let web = Region::any().service(protocol::TCP, IntervalSet::one(80));
    let [rule, last] = rules(&export) else { panic!("two rules") };
    assert_eq!(rule.action, Action::Permit);
    assert_eq!(rule.matches.iter().map(Region::packets_only).collect::<Vec<_>>(), [web]);
    let symbols: Vec<&str> = rule.matches[0].conditions.iter().map(|(symbol, _)| &*symbol.name).collect();
    assert_eq!(symbols, ["a: schedule office hours"]);
    assert_eq!(last.matches, [Region::any()]);
    let statuses: Vec<Status> = export.coverage.statements.iter().map(|statement| statement.status).collect();
    assert_eq!(statuses, [Status::Irrelevant, Status::Approximated, Status::Understood]);
}

#[test]
fn the_last_row_may_be_the_default() {
    let text = format!("{HEADER}a,deny,any,any,tcp/25\nDefault,permit,any,any,any\n,,,,\n");
    let export = import(&text);
    let set = &export.rule_sets[0];
    assert_eq!((set.entries.len(), set.rules.stages[0].default), (1, Action::Permit));
    let place = set.stages[0].place.map(std::ops::Range::from).unwrap();
    assert_eq!(&text[place], "Default,permit,any,any,any");
    assert_eq!(import(&format!("{HEADER}default,deny,any,any,any\n")).rule_sets[0].entries, []);
}

#[test]
fn a_default_that_is_not_last_or_not_for_all_is_a_rule() {
    for rows in [
        "default,permit,any,any,any\na,deny,any,any,tcp/25\n",
        "default,permit,any4,any,any\n",
        "default,permit,any,any,tcp\n",
        "default,permit,any,here,any\n",
        "others,permit,any,any,any\n",
    ] {
        let text = format!("{HEADER}{rows}");
        let set = &Plain.import(&text).unwrap().rule_sets[0];
        assert_eq!(set.entries.len(), rows.lines().count(), "{rows}");
        assert_eq!((set.rules.stages[0].default, set.stages[0].place), (Action::Deny, None));
    }
    let disabled = "name,action,source,destination,service,enabled\na,deny,any,any,any,\ndefault,permit,any,any,any,no\n";
    assert_eq!(import(disabled).rule_sets[0].rules.stages[0].default, Action::Deny);
    let scheduled =
        "name,action,source,destination,service,when\na,deny,any,any,any,\ndefault,permit,any,any,any,noon\n";
    assert_eq!(import(scheduled).rule_sets[0].rules.stages[0].default, Action::Deny);
}

#[test]
fn names_of_rules_are_unique() {
    let rows = "web,permit,any,any,any\n,permit,any,any,any\nweb (2),permit,any,any,any\nweb,permit,any,any,any\n\
                rule 2,permit,any,any,any\n\"say \"\"hi\"\"\",permit,any,any,any\n\"# 1\",deny,any,any,any\n";
    let export = import(&format!("{HEADER}{rows}"));
    let names: Vec<&str> = export.rule_sets[0].entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["web", "rule 2", "web (2)", "web (3)", "rule 2 (2)", "say \"hi\"", "# 1"]);
    let unnamed = import("action,source,destination,service\npermit,any,any,any\ndeny,any,any,any\n");
    let names: Vec<&str> = unnamed.rule_sets[0].entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["rule 1", "rule 2"]);
}

#[test]
fn names_that_multiply_end_in_an_unknown_and_not_in_the_last_byte_of_memory() {
    let names =
        |side: &str| (0..2_000).map(|n| format!("{side}{n}.example.com")).collect::<Vec<_>>().join(" ");
    let text = format!("{HEADER}a,permit,{},{},any\nb,deny,any,any,any\n", names("s"), names("d"));
    let export = Plain.import(&text).unwrap();
    assert_eq!(rules(&export)[0].action, Action::Unknown);
    assert_eq!(export.problems[0].message, "too many names stand in source and destination");
    assert_eq!(export.coverage.statements[1].status, Status::NotUnderstood);
}

#[test]
fn control_characters_do_not_reach_messages() {
    let text = format!("{HEADER}a,permit,\u{1b}[31mred,any,any\nb,deny,any,any,any\n");
    let export = Plain.import(&text).unwrap();
    assert!(export.problems.iter().all(|problem| !problem.message.contains('\u{1b}')));
    let long = format!("{HEADER}a,permit,{},any,any\nb,deny,any,any,any\n", "ä".repeat(10_000));
    assert!(Plain.import(&long).unwrap().problems[0].message.len() < 300);
}

#[test]
fn matches_are_well_formed() {
    let all: FlowSet = service("any tcp/1 udp/2 icmp/3 icmpv6/4 gre ip/5").into_iter().collect();
    for region in &all.regions {
        let ported = region.protocol.ranges().flat_map(|(low, high)| low..=high).all(protocol::has_ports);
        let icmp = region.protocol.ranges().flat_map(|(low, high)| low..=high).all(protocol::is_icmp);
        assert!(region.destination_port.is_any() || ported || icmp, "{region}");
        assert!(region.source_port.is_any() || ported, "{region}");
    }
}

#[test]
fn a_line_of_millions_of_fields_is_one_unknown() {
    let text = format!("{HEADER}a{}\nb,deny,any,any,any\n", ",".repeat(3_000_000));
    let export = Plain.import(&text).unwrap();
    assert_eq!(export.problems[0].message, "the row has 3000001 fields, and the header 5");
    assert_eq!(Plain.detect(&format!("{}{}", HEADER.trim_end(), ",x".repeat(1_000))), Detection::No);
}
