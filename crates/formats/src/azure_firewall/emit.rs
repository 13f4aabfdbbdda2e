use diagnostics::printable;
use space::Region;

use super::dialect::{Dialect, action};
use super::import::PRIORITIES;
use super::model::Kind;
use super::rule_names::{Names, description, fitted};
use super::write::{Spec, specs};
use crate::json_out::{Layout, Out};
use crate::{Direction, NewRule, Refusal, RuleListing};

/// "Azure subscription and service limits", Azure Firewall limits: rules of all kinds together.
pub const RULE_LIMIT: usize = 10_000;
/// The largest rule collection group of an older policy, in bytes.
const GROUP_SIZE_LIMIT: usize = 1_000_000;

/// Writes an ARM template with a firewall policy for each listing, and for each policy a group of network and one of
/// application rule collections.
pub fn emit(listings: &[RuleListing]) -> Result<String, Refusal> {
    let mut resources = Vec::new();
    let mut names = Names::default();
    for listing in listings {
        if listing.direction != Direction::Transit {
            return Err(Refusal::new(
                "an Azure Firewall has one rule set for what passes through it, not one for each way",
                "compile for transit",
            ));
        }
        let name = fitted(&listing.name);
        if names.take(&name) != name {
            return Err(Refusal::new(
                format!("two rule sets would both be the firewall policy `{name}`"),
                "give them names that differ in letters and digits",
            ));
        }
        policy(&name, listing, &mut resources)?;
    }
    let template = Out::Object(vec![
        text("$schema", "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"),
        text("contentVersion", "1.0.0.0"),
        ("resources".to_owned(), Out::List(resources)),
    ]);
    let layout = Layout { newline: Some("\n"), unit: "  ".to_owned() };
    Ok(template.render(&layout, "") + "\n")
}

fn text(key: &str, value: &str) -> (String, Out) {
    (key.to_owned(), Out::Text(value.to_owned()))
}

fn policy(name: &str, listing: &RuleListing, resources: &mut Vec<Out>) -> Result<(), Refusal> {
    let pieces = pieces(listing)?;
    if pieces.len() > RULE_LIMIT {
        return Err(Refusal::new(
            format!("{} rules are needed, and an Azure Firewall has at most {RULE_LIMIT}", pieces.len()),
            "widen the roles of the policy, or split it over several firewalls",
        ));
    }
    let asks_dns = pieces.iter().any(|(_, spec)| spec.kind == Kind::Network && !spec.names.is_empty());
    let mut properties = vec![text("threatIntelMode", "Alert")];
    if asks_dns {
        // "FQDN filtering in network rules": it needs the DNS proxy.
        let proxy = Out::Object(vec![("enableProxy".to_owned(), Out::Bool(true))]);
        properties.push(("dnsSettings".to_owned(), proxy));
    }
    resources.push(Out::Object(vec![
        text("type", "Microsoft.Network/firewallPolicies"),
        text("apiVersion", "2023-09-01"),
        text("name", name),
        text("location", "[resourceGroup().location]"),
        ("properties".to_owned(), Out::Object(properties)),
    ]));
    let policy_id = format!("[resourceId('Microsoft.Network/firewallPolicies', '{name}')]");
    let mut depends = vec![Out::Text(policy_id)];
    // The names and numbers of the groups that every policy may have ("Azure Firewall Policy rule sets").
    for (kind, group, priority) in [
        (Kind::Network, "DefaultNetworkRuleCollectionGroup", 200),
        (Kind::Application, "DefaultApplicationRuleCollectionGroup", 300),
    ] {
        let collections = collections(kind, &pieces);
        if collections.is_empty() {
            continue;
        }
        let properties = Out::Object(vec![
            ("priority".to_owned(), Out::Number(priority)),
            ("ruleCollections".to_owned(), Out::List(collections)),
        ]);
        let resource = Out::Object(vec![
            text("type", "Microsoft.Network/firewallPolicies/ruleCollectionGroups"),
            text("apiVersion", "2023-09-01"),
            text("name", &format!("{name}/{group}")),
            ("dependsOn".to_owned(), Out::List(depends.clone())),
            ("properties".to_owned(), properties),
        ]);
        let one_line = Layout { newline: None, unit: String::new() };
        if resource.render(&one_line, "").len() > GROUP_SIZE_LIMIT {
            return Err(Refusal::new(
                format!("the group of {}s is larger than Azure takes (1 MB)", kind.noun()),
                "widen the roles of the policy, or split it over several policies",
            ));
        }
        resources.push(resource);
        // Azure changes one group of a policy at a time.
        depends.push(Out::Text(format!(
            "[resourceId('Microsoft.Network/firewallPolicies/ruleCollectionGroups', '{name}', '{group}')]"
        )));
    }
    Ok(())
}

/// The rules to be written, in order, each with the name wanted for it. No network rule comes after an application rule
/// that it would overrule.
fn pieces(listing: &RuleListing) -> Result<Vec<(String, Spec)>, Refusal> {
    if listing.rules.len() > RULE_LIMIT {
        return Err(Refusal::new(
            format!(
                "{} rules are needed, and an Azure Firewall has at most {RULE_LIMIT}",
                listing.rules.len()
            ),
            "widen the roles of the policy, or split it over several firewalls",
        ));
    }
    let mut rules = listing.rules.clone();
    if listing.default_permit {
        rules.push(NewRule { name: "AllowAllOther".to_owned(), permit: true, region: Region::any() });
    }
    let mut by_address = vec![false; rules.len()];
    let mut written: Vec<Vec<Spec>> =
        rules.iter().map(|rule| specs(rule, false, &|_| None)).collect::<Result<_, _>>()?;
    loop {
        let overruled = overruled(&written);
        if overruled.is_empty() {
            break;
        }
        for (at, by) in overruled {
            let refusal = || {
                Refusal::new(
                    format!(
                        "`{}` comes after `{}`, and Azure asks network rules before application rules",
                        printable(&rules[by].name),
                        printable(&rules[at].name)
                    ),
                    "name hosts without wildcards, so that both can be network rules, or change their order",
                )
            };
            if std::mem::replace(&mut by_address[at], true) {
                return Err(refusal());
            }
            written[at] = specs(&rules[at], true, &|_| None).map_err(|_| refusal())?;
        }
    }
    let named = rules.into_iter().zip(written);
    Ok(named.flat_map(|(rule, specs)| specs.into_iter().map(move |spec| (rule.name.clone(), spec))).collect())
}

/// The rules with an application rule that a later network rule of the other action would come before, and that rule.
fn overruled(written: &[Vec<Spec>]) -> Vec<(usize, usize)> {
    let mut out = Vec::new();
    let is_application = |specs: &[Spec]| specs.iter().any(|spec| spec.kind == Kind::Application);
    for (at, specs) in written.iter().enumerate().filter(|(_, specs)| is_application(specs)) {
        let Some(spec) = specs.first() else { continue };
        let by = written.iter().enumerate().skip(at + 1).find(|(_, later)| {
            later.iter().any(|later| {
                later.kind == Kind::Network
                    && later.permit != spec.permit
                    && later.region.overlaps(&spec.region)
            })
        });
        out.extend(by.map(|(by, _)| (at, by)));
    }
    out
}

/// The rules of one kind, those of one action in a row in one collection.
fn collections(kind: Kind, pieces: &[(String, Spec)]) -> Vec<Out> {
    let dialect = Dialect { is_policy: true, template: true, ..Dialect::default() };
    let of_kind: Vec<&(String, Spec)> = pieces.iter().filter(|(_, spec)| spec.kind == kind).collect();
    let runs: Vec<&[&(String, Spec)]> = of_kind.chunk_by(|a, b| a.1.permit == b.1.permit).collect();
    let (first, last) = (*PRIORITIES.start(), *PRIORITIES.end());
    let count = i64::try_from(runs.len()).unwrap_or(i64::MAX);
    let step = ((last - first) / count.max(1)).min(100);
    let mut names = Names::default();
    let mut out = Vec::with_capacity(runs.len());
    let word = if kind == Kind::Application { "Application" } else { "Network" };
    for (run, priority) in runs.into_iter().zip((0..).map(|nth| first + nth * step)) {
        let permit = run.first().is_some_and(|(_, spec)| spec.permit);
        let rules = run.iter().map(|(wanted, spec)| {
            let name = names.take(wanted);
            dialect.rule(spec, &name, description(wanted, &name).as_deref())
        });
        let rules = rules.collect();
        out.push(dialect.collection(
            &format!("{}-{word}-{priority}", action(permit)),
            priority,
            permit,
            rules,
        ));
    }
    out
}
