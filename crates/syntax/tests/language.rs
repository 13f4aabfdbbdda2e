//! What each construct of the language becomes.

mod support;

use support::written;
use syntax::ast::{ItemKind, PortKind, Protocol};
use syntax::parse;

/// Panics unless `text` holds no mistake and says `expected`, written as `support::written` does.
#[track_caller]
fn check(text: &str, expected: &str) {
    let parsed = parse(text);
    assert_eq!(parsed.errors, [], "{text}");
    assert_eq!(written::file(&parsed.file).trim_end(), expected, "{text}");
    support::places::check(text, &parsed.file);
}

/// Panics unless the expression `text` says `expected`.
#[track_caller]
fn check_value(text: &str, expected: &str) {
    check(&format!("role x = {text}"), &format!("role x = {expected}"));
}

#[test]
fn one_line_is_a_policy() {
    check(
        "backup_proxy -> exchange_online tcp/443",
        "flow Required backup_proxy -> exchange_online Tcp/{443-443}{} from {}",
    );
}

#[test]
fn flows() {
    check("exo: a -> vb.b tcp/443 # a comment", "flow exo: Required a -> vb.b Tcp/{443-443}{} from {}");
    check("peers: optional a -> a", "flow peers: Optional a -> a");
    check("never a -> [b, c] any", "flow Never a -> [(b, c)] any");
    check(
        "a -> b smtp { row = 7 guards = x -> any }",
        "flow Required a -> b smtp {row = 7; guards = x -> any}",
    );
    check("a->b", "flow Required a -> b");
    check("exo:a -> b", "flow exo: Required a -> b");
    check("fe80::1 -> ::/0", "flow Required host fe80::1 -> network ::/0");
    check("exo: fe80::1 -> b", "flow exo: Required host fe80::1 -> b");
}

#[test]
fn keywords_are_names_where_nothing_else_fits() {
    check("firewall -> test udp/53", "flow Required firewall -> test Udp/{53-53}{} from {}");
    check("role: role -> service", "flow role: Required role -> service");
    check("never -> optional", "flow Required never -> optional");
    check("role role = in", "role role = in");
    check("firewall f { role = role  from = 1  any = 2 }", "firewall f {role = role; from = 1; any = 2}");
    check("when in in [in] { import as as as }", "when in In [(in)] {import as as as}");
}

#[test]
fn definitions() {
    check(
        "role clients = [10.0.0.0/8] { note = \"x\" }",
        "role clients = [(network 10.0.0.0/8)] {note = \"x\"}",
    );
    check(
        "service web = tcp/80 | tcp/443",
        "service web = (Tcp/{80-80}{} from {} | Tcp/{443-443}{} from {})",
    );
    check(
        "module std.x.y {\n  document = \"D\"\n  date = 2024-02-29\n}",
        "module std.x.y {document = \"D\"; date = 2024-2-29}",
    );
    check("module std.role", "module std.role");
    check(
        "import std.veeam.vb365 as vb { a = 1, b = none, }",
        "import std.veeam.vb365 as vb {a = 1; b = none}",
    );
    check("import x", "import x");
    check("firewall f {}", "firewall f");
}

#[test]
fn parameters() {
    check("parameter server: role", "parameter server: Role");
    check("parameter p: port = 9193 { purpose = \"x\" }", "parameter p: Port = 9193 {purpose = \"x\"}");
    check("parameter c: one of [na, any,] = na", "parameter c: one of [na, any] = na");
    check("parameter l: list of one of [a]", "parameter l: list of one of [a]");
    check("parameter t: list of label = [ ]", "parameter t: list of Label = [()]");
    check("parameter a: text\nparameter b: boolean", "parameter a: Text\nparameter b: Boolean");
}

#[test]
fn waivers() {
    check(
        "waive overbroad-rule at f rule \"FW-0042\" { until = 2027-03-31   owner = \"x\" }",
        "waive overbroad-rule at f rule \"FW-0042\" {until = 2027-3-31; owner = \"x\"}",
    );
    check("waive shadowed", "waive shadowed");
    check("waive a-2-b rule \"1\"", "waive a-2-b rule \"1\"");
}

#[test]
fn tests() {
    check(
        "test \"t\" { rules { allow a -> b tcp deny c -> any } expect met x expect missing y.z }",
        "test \"t\" {allow a -> b Tcp/{}{} from {}; deny c -> any; expect met x; expect missing y.z}",
    );
    check(
        "test \"t\" {\n  role a = b # c\n  rules {\n    allow a -> b,\n    deny b -> a\n  }\n  x: a -> b\n  expect met x\n}",
        "test \"t\" {allow a -> b; deny b -> a; expect met x; role a = b; flow x: Required a -> b}",
    );
}

#[test]
fn conditions() {
    check(
        "when cloud == worldwide and region in [na, eu] { a -> b }",
        "when cloud Equal worldwide and region In [(na, eu)] {flow Required a -> b}",
    );
    check(
        "when x != none {\n  ## Why.\n  role a = b\n\n  when y == \"z\" { }\n}",
        "when x NotEqual none {doc \"Why.\" role a = b; when y Equal \"z\" {}}",
    );
}

#[test]
fn documentation() {
    check("## One.\n##  Two.\n##\n# not this\nrole a = b\n", "doc \"One.\\n Two.\\n\" role a = b");
    check("role a = b ## trailing\nrole c = d", "role a = b\nrole c = d");
    check("### a ruler ###\nrole a = b", "role a = b");
    check(
        "role a = [\n  ## not a statement's\n  b\n]\nrole c = d\n## of nothing",
        "role a = [(b)]\nrole c = d",
    );
}

#[test]
fn operators_bind() {
    check_value("a or b except c | d or e", "(a or (b except (c | d)) or e)");
    check_value("a except b except c", "((a except b) except c)");
    check_value("a except (b except c)", "(a except (b except c))");
    check_value("((a))", "a");
    check_value("[a | b, (c or d),]", "[((a | b), (c or d))]");
    check_value("any except none", "(any except none)");
}

#[test]
fn literals() {
    check_value("10.0.0.1", "host 10.0.0.1");
    check_value("0.0.0.0/0", "network 0.0.0.0/0");
    check_value("10.0.0.1/32", "network 10.0.0.1/32");
    check_value("10.0.0.1-10.0.0.9", "range 10.0.0.1-10.0.0.9");
    check_value("2001:DB8::/48", "network 2001:db8::/48");
    check_value("2001:db8::1-2001:db8::9", "range 2001:db8::1-2001:db8::9");
    check_value("::ffff:10.0.0.1", "host ::ffff:10.0.0.1");
    check_value("dead:beef::", "host dead:beef::");
    check_value("2027-03-31", "2027-3-31");
    check_value("18446744073709551615", "18446744073709551615");
    check_value(r#""a \"b\" \\ \n\t é""#, r#""a \"b\" \\ \n\t é""#);
    check_value("\"<tenant>.sharepoint.com\"", "\"<tenant>.sharepoint.com\"");
}

#[test]
fn services() {
    check_value(
        "tcp/{80, 443, 1000-2000} from 1024-65535",
        "Tcp/{80-80 443-443 1000-2000}{} from {1024-65535}",
    );
    check_value("udp from {53, dns_port}", "Udp/{}{} from {53-53 dns_port}");
    check_value("tcp/proxy_port", "Tcp/{proxy_port}{} from {}");
    check_value("icmp/3.4", "Icmp/{}{3.Some(4)} from {}");
    check_value("icmpv6/{128, 1.0}", "Icmpv6/{}{128.None 1.Some(0)} from {}");
    check_value(
        "[tcp, icmp, ip, sctp]",
        "[(Tcp/{}{} from {}, Icmp/{}{} from {}, Any/{}{} from {}, Sctp/{}{} from {})]",
    );
    check_value(
        "[gre, esp, ip/47, ip/6]",
        "[(Number(47)/{}{} from {}, Number(50)/{}{} from {}, Number(47)/{}{} from {}, Tcp/{}{} from {})]",
    );
    check_value("tcp_custom", "tcp_custom");
}

#[test]
fn protocols_have_their_registered_numbers() {
    for (name, number) in [
        ("icmp", 1),
        ("igmp", 2),
        ("tcp", 6),
        ("udp", 17),
        ("gre", 47),
        ("esp", 50),
        ("ah", 51),
        ("icmpv6", 58),
        ("eigrp", 88),
        ("ospf", 89),
        ("pim", 103),
        ("vrrp", 112),
        ("l2tp", 115),
        ("sctp", 132),
    ] {
        check_value(name, &format!("{:?}/{{}}{{}} from {{}}", Protocol::from_number(number)));
        assert_eq!(Protocol::from_number(number).number(), Some(number));
    }
    assert_eq!(Protocol::Any.number(), None);
}

#[test]
fn ports_have_their_places() {
    let text = "a -> b tcp/{80, 1000-2000}";
    let parsed = parse(text);
    let ItemKind::Flow(flow) = &parsed.file.items[0].kind else { panic!("a flow") };
    let Some(syntax::ast::ExpressionKind::Service(service)) =
        flow.service.as_ref().map(|service| &service.kind)
    else {
        panic!("a service")
    };
    let places: Vec<&str> =
        service.ports.iter().map(|port| &text[std::ops::Range::<usize>::from(port.range)]).collect();
    assert_eq!(places, ["80", "1000-2000"]);
    assert_eq!(service.ports[1].kind, PortKind::Range { start: 1000, end: 2000 });
}

#[test]
fn lines_end_statements_but_not_in_brackets() {
    check(
        "role a = [\n  b,\n\n  # why\n  c\n]\nrole d = (e\n  or f)",
        "role a = [(b, c)]\nrole d = (e or f)",
    );
    check("firewall f {\n  a\n  =\n  b or\n  c, d = e }", "firewall f {a = (b or c); d = e}");
    check("import x {\n# only a comment\n}", "import x");
}

#[test]
fn byte_order_marks_and_other_line_ends() {
    check("\u{feff}role a = b\r\nrole c = [\r\n  d\r\n]\r\n", "role a = b\nrole c = [(d)]");
    check("role a = b\rrole c = d", "role a = b\nrole c = d");
    check("\u{feff}", "");
    check("", "");
    check("\n\n  # nothing\n", "");
}

#[test]
fn ranges_count_from_the_innermost_item() {
    let text = "# first\n\nwhen x == y {\n  role a = b\n}\n";
    let parsed = parse(text);
    let when = &parsed.file.items[0];
    assert_eq!((when.range.start, when.range.end), (9, 37));
    let ItemKind::When(body) = &when.kind else { panic!("a condition") };
    assert_eq!((body.items[0].range.start, body.items[0].range.end), (16, 26));
    let ItemKind::Role(role) = &body.items[0].kind else { panic!("a role") };
    assert_eq!((role.name.range.start, role.value.range.start), (5, 9));
}

#[test]
fn names_of_broken_statements_are_known() {
    let parsed = parse(
        "role a 1\nservice b = tcp/70000\nimport x.y as z !\nexo: a ->\nwhen q { role c = d }\nrole good = a\nwaive w at",
    );
    assert_eq!(parsed.broken_names, ["a", "b", "c", "exo", "z"]);
}
