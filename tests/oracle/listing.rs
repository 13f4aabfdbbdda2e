use space::{Action, AddressSet, IntervalSet, Region, Rule, RuleId, RuleSet, protocol};

/// Reads the rules of one chain of a listing in the layout of `iptables -L -n`. What the other tool can say there is
/// little, and anything else is an error: a rule that is not understood must not be passed over.
pub fn listing(text: &str, chain: &str) -> Result<RuleSet, String> {
    let mut rules = Vec::new();
    let mut default = None;
    let mut inside = false;
    for (index, line) in text.lines().enumerate() {
        if let Some(rest) = line.strip_prefix("Chain ") {
            let (name, policy) = rest.split_once(' ').ok_or("a chain without a policy")?;
            inside = name == chain;
            if inside {
                default = Some(match policy {
                    "(policy ACCEPT)" => Action::Permit,
                    "(policy DROP)" => Action::Deny,
                    other => return Err(format!("`{other}` is no policy")),
                });
            }
            continue;
        }
        if !inside || line.trim().is_empty() || line.starts_with("target ") {
            continue;
        }
        let id = RuleId(u32::try_from(rules.len()).unwrap_or(u32::MAX));
        rules.push(rule(id, line).map_err(|wrong| format!("line {}: {wrong}", index + 1))?);
    }
    default.map(|default| RuleSet::flat(rules, default)).ok_or_else(|| format!("there is no chain {chain}"))
}

fn rule(id: RuleId, line: &str) -> Result<Rule, String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [target, protocol, "--", source, destination, rest @ ..] = words.as_slice() else {
        return Err(format!("`{line}` is no rule"));
    };
    let action = match *target {
        "ACCEPT" => Action::Permit,
        "DROP" => Action::Deny,
        other => return Err(format!("`{other}` is no target")),
    };
    let mut region = Region::any().from(addresses(source)?).to(addresses(destination)?);
    if *protocol != "all" {
        let number = protocol::number(protocol).ok_or_else(|| format!("`{protocol}` is no protocol"))?;
        region = region.protocol(number);
    }
    for word in rest.iter().filter(|word| *word != protocol) {
        let (key, ports) = word.split_once(':').ok_or_else(|| format!("`{word}` is not known"))?;
        let (low, high) = ports.split_once(':').unwrap_or((ports, ports));
        let port = |text: &str| text.parse::<u16>().map_err(|_| format!("`{text}` is no port"));
        let ports = IntervalSet::range(port(low)?, port(high)?);
        match key {
            "dpt" | "dpts" => region.destination_port = ports,
            "spt" | "spts" => region.source_port = ports,
            other => return Err(format!("`{other}` is not known")),
        }
    }
    Ok(Rule { id, matches: vec![region], action })
}

fn addresses(text: &str) -> Result<AddressSet, String> {
    let network = if text.contains('/') { text.to_owned() } else { format!("{text}/32") };
    network.parse::<ipnet::Ipv4Net>().map(AddressSet::from).map_err(|_| format!("`{text}` is no network"))
}

#[test]
fn a_listing_is_read() {
    let text = "Chain INPUT (policy ACCEPT)\ntarget     prot opt source               destination\n\n\
        Chain FORWARD (policy DROP)\ntarget     prot opt source               destination\n\
        ACCEPT     tcp  --  0.0.0.0/0            10.0.0.1             tcp dpt:22\n\
        DROP       all  --  10.0.0.0/8           0.0.0.0/0\n\nChain OUTPUT (policy ACCEPT)\n\
        target     prot opt source               destination\n";
    let read = listing(text, "FORWARD").unwrap();
    let shown: Vec<String> =
        read.rules().map(|rule| format!("{:?} {}", rule.action, rule.matches[0])).collect();
    assert_eq!(shown, ["Permit 0.0.0.0/0 -> 10.0.0.1 tcp/22", "Deny 10.0.0.0/8 -> 0.0.0.0/0 any"]);
    assert_eq!(read.stages[0].default, Action::Deny);
    assert_eq!(listing(text, "INPUT").unwrap().rules().count(), 0);
    assert!(listing(&text.replace("dpt:22", "limit:2"), "FORWARD").is_err());
}
