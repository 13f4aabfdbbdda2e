use super::*;

const TO_WEB: &str = "10.0.0.1 -> 192.0.2.1 tcp/443";

#[test]
fn return_is_neither_accept_nor_deny() {
    // The idiom that protects an address by its hardware address.
    let lines = ":protect - [0:0]\n-A FORWARD -j protect\n-A FORWARD -p tcp --dport 443 -j ACCEPT\n\
                 -A protect -s 10.0.0.1 -m mac --mac-source 02:00:00:00:00:01 -j RETURN\n-A protect -s 10.0.0.1 -j DROP\n\
                 -A protect -s 10.0.0.2 -j RETURN\n-A protect -j DROP";
    assert_eq!(decide(lines, TO_WEB), "either");
    assert_eq!(decide(lines, "10.0.0.2 -> 192.0.2.1 tcp/443"), "permit by FORWARD 2");
    assert_eq!(decide(lines, "10.0.0.2 -> 192.0.2.1 tcp/80"), "deny by policy of chain FORWARD");
    assert_eq!(decide(lines, "10.0.0.3 -> 192.0.2.1 tcp/443"), "deny by protect 4");
    // In a built-in chain it is the policy.
    assert_eq!(
        decide("-A FORWARD -j RETURN\n-A FORWARD -j ACCEPT", TO_WEB),
        "deny by policy of chain FORWARD"
    );
}

#[test]
fn the_caller_matches_too_and_a_chain_without_verdict_falls_through() {
    let lines = ":web - [0:0]\n:empty - [0:0]\n-A FORWARD -s 10.0.0.1 -j web\n-A FORWARD -j empty\n-A FORWARD -p udp -j ACCEPT\n\
                 -A web -p tcp --dport 443 -j ACCEPT";
    assert_eq!(decide(lines, TO_WEB), "permit by web 1");
    assert_eq!(decide(lines, "10.0.0.2 -> 192.0.2.1 tcp/443"), "deny by policy of chain FORWARD");
    assert_eq!(decide(lines, "10.0.0.1 -> 192.0.2.1 udp/53"), "permit by FORWARD 3");
}

#[test]
fn goto_does_not_come_back() {
    let lines = ":a - [0:0]\n:b - [0:0]\n-A FORWARD -j a\n-A FORWARD -s 10.0.0.1 -j ACCEPT\n-A a -g b\n-A a -j DROP\n\
                 -A b -d 203.0.113.1 -j DROP";
    // From `b` on after the jump to `a`, not to the DROP after the goto.
    assert_eq!(decide(lines, TO_WEB), "permit by FORWARD 2");
    assert_eq!(
        decide("-A FORWARD -g end\n-A FORWARD -j ACCEPT\n-N end", TO_WEB),
        "deny by policy of chain FORWARD"
    );
}

#[test]
fn chain_names_are_odd_and_may_look_like_targets() {
    let lines = ":DOS~Pro-t_ect - [0:0]\n:a.b/c$ - [0:0]\n-A FORWARD -j DOS~Pro-t_ect\n-A DOS~Pro-t_ect -j a.b/c$\n-A a.b/c$ -j ACCEPT";
    assert_eq!(decide(lines, TO_WEB), "permit by a.b/c$ 1");
}

#[test]
fn a_chain_that_is_not_there_may_do_anything() {
    let text = forward("-A FORWARD -j nowhere\n-A FORWARD -j ACCEPT");
    assert_eq!(ask(&text, "FORWARD", TO_WEB), "either");
    assert_eq!(problems(&text), ["`nowhere` is neither a chain of table filter nor a known target"]);
    assert_eq!(status(&text, "-A FORWARD -j nowhere").0, Status::NotUnderstood);
    for target in ["-j INPUT", "-g ACCEPT", "-j FROBNICATE --level 3"] {
        let text = forward(&format!("-A FORWARD {target}\n-A FORWARD -j ACCEPT"));
        assert_eq!(ask(&text, "FORWARD", TO_WEB), "either", "{target}");
    }
    // Rules of a chain that nobody declares do not make it one.
    let text = forward("-A FORWARD -j web\n-A web -j ACCEPT");
    assert_eq!(ask(&text, "FORWARD", TO_WEB), "either");
    assert_eq!(status(&text, "-A web").1, "its chain is not declared");
}

#[test]
fn chains_in_a_circle_are_found() {
    let text = forward(":a - [0:0]\n:b - [0:0]\n-A FORWARD -j a\n-A a -j b\n-A b -j a");
    let export = Iptables.import(&text).unwrap();
    assert!(set(&export, "FORWARD").rules.check().is_err());
    assert!(crate::import(&text, Some("iptables")).unwrap_err().message.contains("in a circle"));
}

#[test]
fn numbers_are_those_of_the_chain() {
    let text = forward(
        ":web - [0:0]\n-A FORWARD -j LOG\n-A web -j LOG\n-A FORWARD -j web\n-A INPUT -j ACCEPT\n-A FORWARD -j DROP",
    );
    assert_eq!(names(&text, "FORWARD"), ["FORWARD 1", "web 1", "FORWARD 2", "FORWARD 3"]);
    assert_eq!(names(&text, "INPUT"), ["INPUT 1"]);
}

#[test]
fn only_chains_that_are_reached_are_in_a_rule_set() {
    let text = forward(
        ":in - [0:0]\n:both - [0:0]\n:none - [0:0]\n-A INPUT -j in\n-A in -j both\n-A FORWARD -j both\n-A both -j DROP\n-A none -j DROP",
    );
    assert_eq!(names(&text, "FORWARD"), ["FORWARD 1", "both 1"]);
    assert_eq!(names(&text, "INPUT"), ["INPUT 1", "in 1", "both 1"]);
    assert_eq!(status(&text, "-A none"), (Status::Irrelevant, "no packet is led to its chain".to_owned()));
}

#[test]
fn a_chain_for_replies_is_for_replies() {
    let text = forward(
        ":est - [0:0]\n:deep - [0:0]\n-A FORWARD -m state --state ESTABLISHED -j est\n-A est -j deep\n-A est -j ACCEPT\n-A deep -j LOG",
    );
    assert_eq!(ask(&text, "FORWARD", TO_WEB), "deny by policy of chain FORWARD");
    for rule in ["FORWARD 1", "est 1", "est 2", "deep 1"] {
        assert_eq!(inactive(&text, "FORWARD", rule), Some("for replies"), "{rule}");
    }
}

#[test]
fn targets_that_do_not_end_go_on() {
    for target in [
        "LOG --log-prefix \"x: \"",
        "ULOG",
        "NFLOG --nflog-group 3",
        "MARK --set-xmark 0x1/0xffffffff",
        "CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff",
        "TCPMSS --clamp-mss-to-pmtu",
        "TOS --set-tos 0x10/0x3f",
        "DSCP --set-dscp 0x0a",
        "SET --add-set seen src --exist --timeout 60",
        "AUDIT --type accept",
        "CLASSIFY --set-class 1:10",
        "TRACE",
        "TEE --gateway 10.0.0.254",
    ] {
        let lines = format!("-A FORWARD -j {target}\n-A FORWARD -j ACCEPT");
        assert_eq!(decide(&lines, TO_WEB), "permit by FORWARD 2", "{target}");
        assert_eq!(status(&forward(&lines), "-A").0, Status::Irrelevant, "{target}");
    }
    assert_eq!(
        decide("-A FORWARD\n-A FORWARD -s 10.0.0.1\n-A FORWARD -j ACCEPT", TO_WEB),
        "permit by FORWARD 3"
    );
}

#[test]
fn targets_that_end() {
    for (target, outcome) in [
        ("REJECT --reject-with icmp-host-prohibited", "deny by FORWARD 1"),
        ("REJECT", "deny by FORWARD 1"),
        ("DROP", "deny by FORWARD 1"),
        ("TARPIT --tarpit", "deny by FORWARD 1"),
        ("NFQUEUE --queue-num 0 --queue-bypass", "either"),
        ("QUEUE", "either"),
        ("SYNPROXY --sack-perm --timestamp --wscale 7 --mss 1460", "either"),
    ] {
        assert_eq!(
            decide(&format!("-A FORWARD -j {target}\n-A FORWARD -j ACCEPT"), TO_WEB),
            outcome,
            "{target}"
        );
    }
}

#[test]
fn policies() {
    let text = "*filter\n:INPUT ACCEPT\n:FORWARD QUEUE [0:0]\n:OUTPUT - [0:0]\n:web ACCEPT [0:0]\n-A INPUT -j web\nCOMMIT\n";
    let export = import(text);
    assert_eq!(defaults(&set(&export, "INPUT").rules), [Action::Permit]);
    assert_eq!(defaults(&set(&export, "FORWARD").rules), [Action::Unknown]);
    assert_eq!(defaults(&set(&export, "OUTPUT").rules), [Action::Unknown]);
    assert_eq!(export.problems.len(), 3);
    // A chain that a file does not speak of keeps the policy it has.
    let export = import("*filter\n:INPUT DROP [0:0]\nCOMMIT\n");
    assert_eq!(defaults(&set(&export, "FORWARD").rules), [Action::Unknown]);
    assert_eq!(set(&export, "FORWARD").stages[0].name, "policy of chain FORWARD, not in the file");
    assert!(export.problems.is_empty());
}

#[test]
fn names_of_unknowns_stay_when_rules_come_and_go() {
    let text = forward(
        "-A FORWARD -p udp -j DROP\n-A FORWARD -p icmp -m limit --limit 1/sec -j ACCEPT\n-A FORWARD -m mark --mark 1 -j ACCEPT",
    );
    let shorter =
        forward("-A FORWARD -p icmp -m limit --limit 1/sec -j ACCEPT\n-A FORWARD -m mark --mark 1 -j ACCEPT");
    let regions = |text: &str| {
        let export = import(text);
        let chain = &set(&export, "FORWARD").rules.chains[0];
        chain.rules.iter().rev().take(2).map(|rule| rule.matches.clone()).collect::<Vec<_>>()
    };
    assert_eq!(regions(&text), regions(&shorter));
}
