use super::*;

const TO_WEB: &str = "10.0.0.1 -> 192.0.2.1 tcp/443";

/// A file of several tables, each with its lines; all policies are ACCEPT.
fn file(tables: &[(&str, &str)]) -> String {
    let builtin = |table: &str| match table {
        "nat" => "PREROUTING INPUT OUTPUT POSTROUTING",
        "raw" => "PREROUTING OUTPUT",
        "mangle" => "PREROUTING INPUT FORWARD OUTPUT POSTROUTING",
        _ => "INPUT FORWARD OUTPUT",
    };
    let block = |(table, lines): &(&str, &str)| {
        let chains: String =
            builtin(table).split(' ').map(|chain| format!(":{chain} ACCEPT [0:0]\n")).collect();
        format!("*{table}\n{chains}{lines}\nCOMMIT\n")
    };
    tables.iter().map(block).collect()
}

fn stages(text: &str, name: &str) -> Vec<String> {
    let export = import(text);
    set(&export, name).stages.iter().map(|stage| stage.name.replace("policy of chain ", "")).collect()
}

#[test]
fn a_packet_meets_the_tables_in_the_kernels_order() {
    let all = |chain: &str| format!("-A {chain} -j LOG");
    let raw = [all("PREROUTING"), all("OUTPUT")].join("\n");
    let mangle = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"].map(all).join("\n");
    let nat = ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"].map(all).join("\n");
    let filter = ["INPUT", "FORWARD", "OUTPUT"].map(all).join("\n");
    let text = file(&[
        ("filter", &filter),
        ("security", &filter),
        ("nat", &nat),
        ("raw", &raw),
        ("mangle", &mangle),
    ]);
    assert_eq!(
        stages(&text, "FORWARD"),
        [
            "raw PREROUTING",
            "mangle PREROUTING",
            "nat PREROUTING",
            "mangle FORWARD",
            "FORWARD",
            "security FORWARD",
            "mangle POSTROUTING",
            "nat POSTROUTING"
        ]
    );
    assert_eq!(
        stages(&text, "INPUT"),
        [
            "raw PREROUTING",
            "mangle PREROUTING",
            "nat PREROUTING",
            "mangle INPUT",
            "INPUT",
            "security INPUT",
            "nat INPUT"
        ]
    );
    assert_eq!(
        stages(&text, "OUTPUT"),
        [
            "raw OUTPUT",
            "mangle OUTPUT",
            "nat OUTPUT",
            "OUTPUT",
            "security OUTPUT",
            "mangle POSTROUTING",
            "nat POSTROUTING"
        ]
    );
    let export = import(&text);
    let names: Vec<_> = export.rule_sets.iter().map(|set| (set.name.as_str(), set.direction)).collect();
    use crate::Direction::{Inbound, Outbound, Transit};
    assert_eq!(names, [("FORWARD", Transit), ("INPUT", Inbound), ("OUTPUT", Outbound)]);
    // Chains that say nothing are no stages; filter is one always.
    assert_eq!(stages(&file(&[("mangle", ""), ("filter", "")]), "FORWARD"), ["FORWARD"]);
    // Entries stand in the order of the file.
    let places: Vec<u32> = set(&export, "FORWARD").entries.iter().map(|entry| entry.place.start).collect();
    assert!(places.is_sorted());
}

#[test]
fn a_packet_must_pass_all_tables() {
    let text = file(&[
        ("filter", "-A FORWARD -j ACCEPT"),
        ("mangle", "-A FORWARD -p tcp --dport 443 -j DROP"),
        ("raw", "-A PREROUTING -s 10.0.0.9 -j DROP"),
        ("security", "-A FORWARD -d 203.0.113.1 -j REJECT"),
    ]);
    assert_eq!(ask(&text, "FORWARD", TO_WEB), "deny by mangle FORWARD 1");
    assert_eq!(ask(&text, "FORWARD", "10.0.0.9 -> 192.0.2.1 udp/53"), "deny by raw PREROUTING 1");
    assert_eq!(ask(&text, "INPUT", "10.0.0.9 -> 192.0.2.1 udp/53"), "deny by raw PREROUTING 1");
    assert_eq!(ask(&text, "FORWARD", "10.0.0.1 -> 203.0.113.1 udp/53"), "deny by security FORWARD 1");
    assert_eq!(ask(&text, "FORWARD", "10.0.0.1 -> 192.0.2.1 udp/53"), "permit by FORWARD 1");
    // To accept in one table is not to accept in the next.
    let text = file(&[("mangle", "-A PREROUTING -j ACCEPT"), ("filter", "-A FORWARD -j DROP")]);
    assert_eq!(ask(&text, "FORWARD", TO_WEB), "deny by FORWARD 1");
}

#[test]
fn a_new_destination_makes_later_stages_unknown() {
    for target in
        ["DNAT --to-destination 10.0.0.80:8443", "REDIRECT --to-ports 3128", "NETMAP --to 10.0.0.0/24"]
    {
        let nat = format!(
            "-A PREROUTING -p tcp --dport 443 -j {target}\n-A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE"
        );
        let text = file(&[("nat", &nat), ("filter", "-A FORWARD -j DROP")]);
        assert_eq!(ask(&text, "FORWARD", TO_WEB), "either", "{target}");
        assert_eq!(ask(&text, "FORWARD", "10.0.0.1 -> 192.0.2.1 tcp/80"), "deny by FORWARD 1", "{target}");
        assert_eq!(status(&text, "-A PREROUTING").0, Status::Approximated, "{target}");
        assert_eq!(status(&text, "-A POSTROUTING").0, Status::Understood, "{target}");
    }
    let text = file(&[
        ("mangle", "-A PREROUTING -p tcp -j TPROXY --on-port 3129"),
        ("filter", "-A FORWARD -j DROP"),
    ]);
    assert_eq!(ask(&text, "FORWARD", TO_WEB), "either");
}

#[test]
fn a_new_source_comes_after_everything_that_filters() {
    for target in ["MASQUERADE", "SNAT --to-source 203.0.113.7", "NETMAP --to 203.0.113.0/24", "ACCEPT"] {
        let nat = format!("-A POSTROUTING -s 10.0.0.0/8 -j {target}");
        let text =
            file(&[("nat", &nat), ("filter", "-A FORWARD -p tcp --dport 443 -j ACCEPT\n-A FORWARD -j DROP")]);
        assert_eq!(ask(&text, "FORWARD", TO_WEB), "permit by nat POSTROUTING 1", "{target}");
        assert_eq!(
            ask(&text, "FORWARD", "192.0.2.7 -> 192.0.2.1 tcp/443"),
            "permit by FORWARD 1",
            "{target}"
        );
    }
    let text = file(&[("nat", "-A PREROUTING -j DROP"), ("filter", "-A FORWARD -j ACCEPT")]);
    assert_eq!(ask(&text, "FORWARD", TO_WEB), "either");
    assert_eq!(problems(&text), ["`DROP` is refused in table nat"]);
}

#[test]
fn what_the_raw_table_exempts_is_not_new() {
    let filter = "-A FORWARD -m conntrack --ctstate NEW -j ACCEPT\n-A FORWARD -j DROP";
    for target in ["NOTRACK", "CT --notrack"] {
        let text = file(&[("raw", &format!("-A PREROUTING -p udp -j {target}")), ("filter", filter)]);
        assert_eq!(ask(&text, "FORWARD", TO_WEB), "either", "{target}");
        let both = "-A FORWARD -m conntrack --ctstate NEW,UNTRACKED -j ACCEPT\n-A FORWARD -j DROP";
        let text = file(&[("raw", &format!("-A PREROUTING -p udp -j {target}")), ("filter", both)]);
        assert_eq!(ask(&text, "FORWARD", TO_WEB), "permit by FORWARD 1", "{target}");
    }
    let text = file(&[("raw", "-A PREROUTING -p udp -j CT --helper tftp"), ("filter", filter)]);
    assert_eq!(ask(&text, "FORWARD", TO_WEB), "permit by FORWARD 1");
    // The raw table itself is asked before tracking knows anything.
    let text = file(&[("raw", "-A PREROUTING -m conntrack --ctstate INVALID -j DROP"), ("filter", "")]);
    assert_eq!(ask(&text, "FORWARD", TO_WEB), "either");
}

#[test]
fn interfaces_that_a_hook_does_not_know() {
    // A chain that several hooks share, with the outgoing interface in it.
    let shared = ":x - [0:0]\n-A PREROUTING -j x\n-A x -o eth1 -j DROP";
    let text = file(&[("mangle", shared), ("filter", "")]);
    assert_eq!(ask(&text, "FORWARD", TO_WEB), "permit by policy of chain FORWARD");
    assert_eq!(inactive(&text, "FORWARD", "mangle x 1"), Some("for packets with another way"));
    let text = file(&[("mangle", &shared.replace("-o eth1", "! -o eth1")), ("filter", "")]);
    assert_eq!(ask(&text, "FORWARD", TO_WEB), "deny by mangle x 1");
    // From two hooks, of which one knows it: not known which of the two asks.
    let text = file(&[("mangle", &format!("{shared}\n-A FORWARD -j x")), ("filter", "")]);
    assert_eq!(ask(&text, "FORWARD", &format!("{TO_WEB} out eth2")), "either");
    // What leaves the firewall itself came in by nothing; what comes to it leaves by nothing.
    let filter = ":x - [0:0]\n-A OUTPUT -j x\n-A INPUT -j x\n-A x -i eth0 -j DROP\n-A x -o eth0 -j DROP";
    let text = file(&[("filter", filter)]);
    assert_eq!(inactive(&text, "OUTPUT", "x 1"), Some("for packets with another way"));
    assert_eq!(inactive(&text, "INPUT", "x 2"), Some("for packets with another way"));
    assert_eq!(ask(&text, "OUTPUT", &format!("{TO_WEB} out eth0")), "deny by x 2");
    assert_eq!(ask(&text, "INPUT", &format!("{TO_WEB} in eth0")), "deny by x 1");
    assert_eq!(ask(&text, "INPUT", &format!("{TO_WEB} in eth1")), "permit by policy of chain INPUT");
    // A jump that no packet takes leads nowhere.
    let filter = ":x - [0:0]\n-A INPUT -j x\n-A x -o eth0 -g y\n:y - [0:0]\n-A y -j DROP";
    assert_eq!(inactive(&file(&[("filter", filter)]), "INPUT", "y 1"), Some("for replies"));
}

#[test]
fn a_file_of_one_table_says_what_it_lacks() {
    let text = file(&[("nat", "-A POSTROUTING -j MASQUERADE")]);
    assert_eq!(
        problems(&text),
        ["the file has no table `filter`: it is read as if nothing were filtered there"]
    );
    let export = import(&text);
    assert_eq!(export.rule_sets.len(), 2);
    assert!(export.rule_sets.iter().all(|set| set.name != "INPUT"));
}

#[test]
fn the_same_chain_name_in_two_tables_is_two_chains() {
    let text = file(&[
        ("nat", ":docker - [0:0]\n-A PREROUTING -j docker\n-A docker -j RETURN"),
        ("filter", ":docker - [0:0]\n-A FORWARD -j docker\n-A docker -j DROP"),
    ]);
    assert_eq!(names(&text, "FORWARD"), ["nat PREROUTING 1", "nat docker 1", "FORWARD 1", "docker 1"]);
    assert_eq!(ask(&text, "FORWARD", TO_WEB), "deny by docker 1");
}
