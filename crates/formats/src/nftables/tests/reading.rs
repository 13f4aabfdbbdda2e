use super::*;
use crate::detect;

#[test]
fn commands_put_a_ruleset_together() {
    let text = "
#!/usr/sbin/nft -f
flush ruleset
add table inet filter
add chain inet filter forward { type filter hook forward priority 0 ; policy drop ; }
add set inet filter web { type inet_service; }
add element inet filter web { 80, 443 }
add rule inet filter forward tcp dport @web accept
insert rule inet filter forward ip saddr 192.0.2.1 drop
insert rule inet filter forward index 1 ip saddr 192.0.2.2 drop
";
    assert_eq!(word(text, "forward", "10.0.0.1 -> 10.0.0.2 tcp/443"), "permit");
    assert_eq!(ask(text, "forward", "192.0.2.1 -> 10.0.0.2 tcp/443"), "deny by inet filter forward 1");
    assert_eq!(ask(text, "forward", "192.0.2.2 -> 10.0.0.2 tcp/443"), "deny by inet filter forward 2");
    assert_eq!(import(text).coverage.totals().not_understood, 0);
}

#[test]
fn what_is_removed_further_down_does_not_count() {
    let block = |port: u16| {
        format!(
            "table inet t {{\n chain f {{\n  type filter hook forward priority 0; policy drop;\n  tcp dport {port} accept\n }}\n}}\n"
        )
    };
    for command in ["flush ruleset\n", "delete table inet t\n", "destroy table inet t\n"] {
        let text = block(22) + command + &block(23);
        assert_eq!(word(&text, "forward", "10.0.0.1 -> 10.0.0.2 tcp/22"), "deny", "{command}");
        assert_eq!(word(&text, "forward", "10.0.0.1 -> 10.0.0.2 tcp/23"), "permit", "{command}");
        assert_eq!(status(&text, "tcp dport 22").0, Status::Irrelevant);
    }
    for command in ["flush table inet t\n", "flush chain inet t f\n", "delete rule inet t f handle 4\n"] {
        let text = block(22).replace("22 accept", "22 accept # handle 4") + command + &block(23);
        assert_eq!(word(&text, "forward", "10.0.0.1 -> 10.0.0.2 tcp/22"), "deny", "{command}");
    }
    // Without a command between them, a block adds to what is there.
    let text = block(22) + &block(23);
    assert_eq!(word(&text, "forward", "10.0.0.1 -> 10.0.0.2 tcp/22"), "permit");
    assert_eq!(word(&text, "forward", "10.0.0.1 -> 10.0.0.2 tcp/23"), "permit");
}

#[test]
fn a_command_by_a_handle_that_is_not_in_the_file_leaves_all_undecided() {
    let text = forward("tcp dport 22 accept") + "delete rule inet filter forward handle 7\n";
    assert_eq!(word(&text, "forward", "10.0.0.1 -> 10.0.0.2 tcp/22"), "either");
    assert_eq!(status(&text, "delete rule").0, Status::NotUnderstood);
}

#[test]
fn variables_hold_values_sets_and_each_other() {
    let text = "
define wan = eth0
define web = { 80, 443 }
define more = { $web, 8080-8090 }
define net = 10.0.0.0/8
redefine net = 192.0.2.0/24
define prio = -5
define dflt = drop
table inet filter {
    chain forward {
        type filter hook forward priority $prio; policy $dflt;
        iifname $wan ip saddr $net tcp dport $more accept
        ip saddr { $net, 198.51.100.1 } udp dport 53 accept
    }
}";
    assert_eq!(word(text, "forward", "192.0.2.1 -> 10.0.0.2 tcp/8081 in eth0"), "permit");
    assert_eq!(word(text, "forward", "10.0.0.1 -> 10.0.0.2 tcp/443 in eth0"), "deny");
    assert_eq!(word(text, "forward", "198.51.100.1 -> 10.0.0.2 udp/53 in eth1"), "permit");
    let export = import(text);
    assert_eq!(export.coverage.totals().not_understood, 0);
    let web = export.inventory.objects.iter().find(|object| object.name == "web").unwrap();
    assert_eq!((web.kind, web.uses), ("variable", 1));
}

#[test]
fn what_an_include_holds_is_not_known() {
    let text = "include \"/etc/nftables.d/*.nft\"\n".to_owned()
        + &forward("tcp dport 22 accept\ntcp dport $p accept");
    assert_eq!(word(&text, "forward", "10.0.0.1 -> 10.0.0.2 tcp/22"), "either");
    assert_eq!(status(&text, "include").0, Status::NotUnderstood);
    let undefined = import(&text).inventory.undefined;
    assert_eq!(undefined.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["p"]);
}

#[test]
fn every_statement_is_accounted_for_in_order() {
    let text = "
# a comment
table inet filter { # handle 1
    comment \"of the table\"
    counter hits { packets 0 bytes 0 }
    set s { type ipv4_addr; elements = { 10.0.0.1 } }
    chain forward { # handle 2
        type filter hook forward priority filter; policy accept;
        ct state established,related accept # handle 3
        ip saddr @s counter name \"hits\" drop comment \"no way\" # handle 4
        tcp dport 70000 drop
    }
    something else
}
list ruleset
";
    let export = import(text);
    let words: Vec<String> = export
        .coverage
        .statements
        .iter()
        .map(|statement| {
            let place = statement.place.start as usize..statement.place.end as usize;
            format!("{} {}", statement.status.as_str(), text[place].split(['\n', ' ']).next().unwrap())
        })
        .collect();
    assert_eq!(
        words,
        [
            "understood table",
            "irrelevant comment",
            "irrelevant counter",
            "understood set",
            "understood chain",
            "understood type",
            "understood policy",
            "understood ct",
            "understood ip",
            "not_understood tcp",
            "not_understood something",
            "irrelevant list"
        ]
    );
    let set = set(&export, "forward");
    let rule = set.entries.iter().find(|entry| entry.name == "inet filter forward 2").unwrap();
    assert_eq!(rule.comment.as_deref(), Some("no way"));
    assert!(set.entries.iter().any(|entry| entry.name == "something else"));
}

#[test]
fn what_is_no_ruleset_is_told() {
    let message = |text: &str| Nftables.import(text).unwrap_err().message;
    assert_eq!(message("nft add table inet filter\n"), "this is a script that calls nft, not a ruleset");
    assert_eq!(message("#!/bin/sh\nnft flush ruleset\n"), "this is a shell script, not a ruleset");
    assert_eq!(
        message("{% if x %}\ntable ip t { }\n{% endif %}\n"),
        "the file is a template: what it becomes is not in it"
    );
    assert_eq!(message("table inet t {\n chain f {\n"), "the file ends inside of a chain");
    assert_eq!(message("table inet t {\n"), "the file ends inside of a table");
    assert_eq!(message("table inet t {\n}\n"), "the file has no chain with rules in it");
    assert_eq!(message("include \"./x.nft\"\n"), "what the file has for rules is not in it");
    assert_eq!(message("{\"rules\": []}"), "the file has no list `nftables`");
}

#[test]
fn it_knows_its_own() {
    for text in [
        forward("accept"),
        "#!/usr/sbin/nft -f\nflush ruleset\n".to_owned(),
        "table ip6 t {\n}\n".to_owned(),
        "{\"nftables\": [{\"metainfo\": {}}]}".to_owned(),
        "add rule inet filter input accept\n".to_owned(),
    ] {
        assert_eq!(detect(&text).map(Format::name), Some("nftables"), "{text}");
    }
    for text in [
        "*filter\n:INPUT ACCEPT\nCOMMIT\n",
        "{\"a\": 1}",
        "table of contents\n",
        "table <bastion> { 10.0.0.1 }\n",
        "interface eth0\n ip address\n",
    ] {
        assert_ne!(detect(text).map(Format::name), Some("nftables"), "{text}");
    }
}

#[test]
fn an_expression_of_iptables_is_not_understood() {
    let text = forward("xt match \"comment\" counter xt target \"LOG\"");
    assert_eq!(status(&text, "xt").0, Status::NotUnderstood);
    assert!(import(&text).problems.iter().any(|problem| problem.help.contains("iptables-save")));
}
