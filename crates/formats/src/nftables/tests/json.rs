use super::*;

/// A ruleset as `nft list ruleset` and as `nft -j list ruleset` print it.
pub(super) const TEXT: &str = r#"table inet filter {
    set web {
        type inet_service
        flags interval
        elements = { 80, 8000-8080 }
    }

    map by_name {
        type ifname : verdict
        elements = { "lan" : jump lan,
                 "wan" : drop }
    }

    chain lan {
        ip saddr . tcp dport { 10.0.0.0/8 . 22, 192.0.2.1 . 80-90 } accept
        return
    }

    chain forward {
        type filter hook forward priority filter + 5; policy drop;
        ct state established,related accept
        ct state vmap { invalid : drop, new : jump lan }
        tcp flags & (fin | syn | rst | ack) == syn limit rate 10/second accept comment "slow"
        tcp flags ! fin,rst meta mark & 0x000000ff == 0x00000010 accept
        iifname "eth*" oifname != { "a", "b" } tcp dport @web log prefix "web " counter packets 1 bytes 2 accept
        ip saddr != 10.0.0.0/8 udp dport 53 fib saddr . iif oif missing drop
        iifname vmap @by_name
        meta l4proto { icmp, ipv6-icmp } icmp type != echo-request reject with icmpx admin-prohibited
        tcp dport 5 jump {
            ip saddr 192.0.2.1 accept
        }
        limit rate over 5 mbytes/second burst 5 kbytes drop
        queue num 2
    }
}
"#;

pub(super) const JSON: &str = r#"{"nftables": [
{"metainfo": {"version": "1.0.6", "json_schema_version": 1}},
{"table": {"family": "inet", "name": "filter", "handle": 1}},
{"set": {"family": "inet", "name": "web", "table": "filter", "type": "inet_service", "handle": 3, "flags": ["interval"], "elem": [80, {"range": [8000, 8080]}]}},
{"map": {"family": "inet", "name": "by_name", "table": "filter", "type": "ifname", "handle": 4, "map": "verdict", "elem": [["lan", {"jump": {"target": "lan"}}], ["wan", {"drop": null}]]}},
{"chain": {"family": "inet", "table": "filter", "name": "lan", "handle": 1}},
{"chain": {"family": "inet", "table": "filter", "name": "forward", "handle": 2, "type": "filter", "hook": "forward", "prio": 5, "policy": "drop"}},
{"rule": {"family": "inet", "table": "filter", "chain": "lan", "handle": 5, "expr": [{"match": {"op": "==", "left": {"concat": [{"payload": {"protocol": "ip", "field": "saddr"}}, {"payload": {"protocol": "tcp", "field": "dport"}}]}, "right": {"set": [{"concat": [{"prefix": {"addr": "10.0.0.0", "len": 8}}, 22]}, {"concat": ["192.0.2.1", {"range": [80, 90]}]}]}}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "lan", "handle": 6, "expr": [{"return": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 7, "expr": [{"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 8, "expr": [{"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["invalid", {"drop": null}], ["new", {"jump": {"target": "lan"}}]]}}}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 9, "comment": "slow", "expr": [{"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, {"|": ["fin", "syn", "rst", "ack"]}]}, "right": "syn"}}, {"limit": {"rate": 10, "burst": 5, "per": "second"}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 10, "expr": [{"match": {"op": "!", "left": {"payload": {"protocol": "tcp", "field": "flags"}}, "right": ["fin", "rst"]}}, {"match": {"op": "==", "left": {"&": [{"meta": {"key": "mark"}}, 255]}, "right": 16}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 11, "expr": [{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth*"}}, {"match": {"op": "!=", "left": {"meta": {"key": "oifname"}}, "right": {"set": ["a", "b"]}}}, {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": "@web"}}, {"log": {"prefix": "web "}}, {"counter": {"packets": 1, "bytes": 2}}, {"accept": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 12, "expr": [{"match": {"op": "!=", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": {"prefix": {"addr": "10.0.0.0", "len": 8}}}}, {"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 53}}, {"match": {"op": "==", "left": {"fib": {"result": "oif", "flags": ["saddr", "iif"]}}, "right": false}}, {"drop": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 13, "expr": [{"vmap": {"key": {"meta": {"key": "iifname"}}, "data": "@by_name"}}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 14, "expr": [{"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": {"set": ["icmp", "ipv6-icmp"]}}}, {"match": {"op": "!=", "left": {"payload": {"protocol": "icmp", "field": "type"}}, "right": "echo-request"}}, {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 15, "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 5}}, "jump {\n\t\t\tip saddr 192.0.2.1 accept\n\t\t}"]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 16, "expr": [{"limit": {"rate": 5, "burst": 5, "per": "second", "inv": true, "rate_unit": "mbytes", "burst_unit": "kbytes"}}, {"drop": null}]}},
{"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 17, "expr": [{"queue": {"num": 2}}]}}
]}"#;

#[test]
fn text_and_json_of_a_ruleset_are_the_same_rule_sets() {
    let (text, json) = (import(TEXT), import(JSON));
    assert_eq!(text.rule_sets.len(), json.rule_sets.len());
    for (left, right) in text.rule_sets.iter().zip(&json.rule_sets) {
        assert_eq!(left.name, right.name);
        assert_eq!(left.rules, right.rules);
        let shown = |set: &RuleSetExport| -> Vec<String> {
            let one = |entry: &crate::RuleEntry| {
                format!("{} {:?} {} {:?}", entry.name, entry.comment, entry.logs, entry.inactive)
            };
            set.entries.iter().map(one).collect()
        };
        assert_eq!(shown(left), shown(right));
    }
    let content = |export: &Export| -> Vec<_> {
        export
            .inventory
            .objects
            .iter()
            .map(|object| (object.name.clone(), object.uses, object.content.clone()))
            .collect()
    };
    let (mut left, mut right) = (content(&text), content(&json));
    left.sort();
    right.sort();
    assert_eq!(left, right);
    assert_eq!(text.coverage.totals().not_understood, 0);
}

#[test]
fn commands_in_json_are_followed() {
    let text = r#"{"nftables": [
        {"flush": {"ruleset": null}},
        {"add": {"table": {"family": "inet", "name": "t"}}},
        {"add": {"chain": {"family": "inet", "table": "t", "name": "f", "type": "filter", "hook": "forward", "prio": 0, "policy": "drop"}}},
        {"add": {"rule": {"family": "inet", "table": "t", "chain": "f", "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [22, 80]}}}, {"accept": null}]}}},
        {"insert": {"rule": {"family": "inet", "table": "t", "chain": "f", "expr": [{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}, {"drop": null}]}}}
    ]}"#;
    assert_eq!(word(text, "forward", "10.0.0.1 -> 10.0.0.2 tcp/22"), "deny");
    assert_eq!(word(text, "forward", "10.0.0.1 -> 10.0.0.2 tcp/80"), "permit");
}

#[test]
fn what_json_does_not_tell_is_not_understood() {
    for (statement, wanted) in [
        (r#"{"xt": null}"#, "either"),
        (r#"{"match": {"op": "==", "left": {"strange": 1}, "right": 2}}, {"accept": null}"#, "either"),
        (r#"{"strange": {}}, {"accept": null}"#, "either"),
        (
            r#"{"match": {"op": "~", "left": {"meta": {"key": "mark"}}, "right": 2}}, {"accept": null}"#,
            "either",
        ),
        (r#""nonsense {""#, "either"),
    ] {
        let text = format!(
            r#"{{"nftables": [{{"table": {{"family": "ip", "name": "t"}}}}, {{"chain": {{"family": "ip", "table": "t", "name": "f", "hook": "forward", "prio": 0, "policy": "drop"}}}},
            {{"rule": {{"family": "ip", "table": "t", "chain": "f", "expr": [{statement}]}}}}]}}"#
        );
        assert_eq!(word(&text, "forward", "10.0.0.1 -> 10.0.0.2 tcp/22"), wanted, "{statement}");
        assert_eq!(import(&text).coverage.totals().not_understood, 1, "{statement}");
    }
}
