use super::write::{self, Dialect, End, Names, Spec};
use crate::json_out::{Layout, Out};
use crate::{Direction, Refusal, RuleListing};

/// "Azure subscription and service limits": rules in a group, and addresses in all of them.
pub const RULE_LIMIT: usize = 1_000;
pub const ADDRESS_LIMIT: usize = 4_000;
/// The numbers that a rule of one's own may have.
pub const PRIORITIES: std::ops::RangeInclusive<i64> = 100..=4096;

/// Writes an ARM template with a network security group for each name; the two directions of one group are two listings.
pub fn emit(listings: &[RuleListing]) -> Result<String, Refusal> {
    let mut groups: Vec<(String, Vec<&RuleListing>)> = Vec::new();
    for listing in listings {
        let name = group_name(&listing.name);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, of_group)) => of_group.push(listing),
            None => groups.push((name, vec![listing])),
        }
    }
    let groups =
        groups.iter().map(|(name, listings)| group(name, listings)).collect::<Result<Vec<Out>, Refusal>>()?;
    let template = Out::Object(vec![
        text("$schema", "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"),
        text("contentVersion", "1.0.0.0"),
        ("resources".to_owned(), Out::List(groups)),
    ]);
    let layout = Layout { newline: Some("\n"), unit: "  ".to_owned() };
    Ok(template.render(&layout, "") + "\n")
}

fn text(key: &str, value: &str) -> (String, Out) {
    (key.to_owned(), Out::Text(value.to_owned()))
}

fn group(name: &str, listings: &[&RuleListing]) -> Result<Out, Refusal> {
    let mut names = Names::default();
    let mut rules = Vec::new();
    let mut addresses = 0;
    for (at, listing) in listings.iter().enumerate() {
        if listings.iter().take(at).any(|other| other.direction == listing.direction) {
            return Err(Refusal::new(
                format!("two rule sets for one direction would both be the group `{name}`"),
                "give them names that differ in letters and digits",
            ));
        }
        addresses += direction(listing, &mut names, &mut rules)?;
    }
    let count = rules.len();
    if count > RULE_LIMIT {
        return Err(Refusal::new(
            format!(
                "{count} security rules are needed, and a network security group has at most {RULE_LIMIT}"
            ),
            "split the policy over the groups of a subnet and of its network interfaces, or widen its roles",
        ));
    }
    if addresses > ADDRESS_LIMIT {
        return Err(Refusal::new(
            format!(
                "{addresses} addresses are needed, and a network security group has at most {ADDRESS_LIMIT}"
            ),
            "use larger prefixes, or an Azure Firewall with IP groups",
        ));
    }
    Ok(Out::Object(vec![
        text("type", "Microsoft.Network/networkSecurityGroups"),
        text("apiVersion", "2023-09-01"),
        text("name", name),
        text("location", "[resourceGroup().location]"),
        ("properties".to_owned(), Out::Object(vec![("securityRules".to_owned(), Out::List(rules))])),
    ]))
}

/// Adds the rules of one direction, and returns how many addresses they take.
fn direction(listing: &RuleListing, names: &mut Names, rules: &mut Vec<Out>) -> Result<usize, Refusal> {
    if listing.direction == Direction::Transit {
        return Err(Refusal::new(
            "a network security group has inbound and outbound rules, and none for both",
            "compile for the inbound or the outbound direction",
        ));
    }
    let group_id = |name: &str| {
        let plain =
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
        plain.then(|| format!("[resourceId('Microsoft.Network/applicationSecurityGroups', '{name}')]"))
    };
    let mut specs: Vec<(&str, Spec)> = Vec::new();
    for rule in &listing.rules {
        let parts = write::specs(rule, listing.direction, &group_id)?;
        specs.extend(parts.into_iter().map(|spec| (rule.name.as_str(), spec)));
    }
    let addresses = specs.iter().map(|(_, spec)| write::address_count(spec)).sum();
    let dialect = Dialect { nested: Some("properties".to_owned()), template: true, ..Dialect::default() };
    let (first, last) = (*PRIORITIES.start(), *PRIORITIES.end());
    let step = (last - first).checked_div(i64::try_from(specs.len()).unwrap_or(1)).unwrap_or(10).clamp(1, 10);
    for (priority, (wanted, spec)) in (first..last).step_by(usize::try_from(step).unwrap_or(1)).zip(&specs) {
        let name = names.take(wanted);
        let description = write::description(wanted, &name);
        rules.push(dialect.rule(spec, &name, description.as_deref(), priority, listing.direction));
    }
    let rest = rest(listing.default_permit);
    let name = names.take(if listing.default_permit { "AllowAllOther" } else { "DenyAllOther" });
    let description = "Whatever no rule above decides, before the default rules can";
    rules.push(dialect.rule(&rest, &name, Some(description), last, listing.direction));
    Ok(addresses)
}

/// The rule that decides all that is left, so that no default rule opens anything.
fn rest(permit: bool) -> Spec {
    let any = || End { addresses: vec!["*".to_owned()], ports: vec!["*".to_owned()], ..End::default() };
    Spec { permit, protocol: "*", source: any(), destination: any() }
}

/// The group's name from that of a rule set, which may say the direction after a slash.
fn group_name(rule_set: &str) -> String {
    let name =
        ["/inbound", "/outbound"].iter().find_map(|way| rule_set.strip_suffix(way)).unwrap_or(rule_set);
    write::fitted(name)
}
