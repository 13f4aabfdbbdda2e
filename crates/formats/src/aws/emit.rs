use space::Region;

use super::keys::Style;
use super::model::TargetKind;
use super::write::{self, Place, RULE_LIMIT, Spec, Wanted};
use crate::json_out::{Layout, Out};
use crate::{Direction, NewRule, Refusal, RuleListing};

/// Writes security groups in the shape of `describe-security-groups`, one for each name; the two directions of one
/// group are two listings.
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
    let answer = Out::Object(vec![("SecurityGroups".to_owned(), Out::List(groups))]);
    let layout = Layout { newline: Some("\n"), unit: "    ".to_owned() };
    Ok(answer.render(&layout, "") + "\n")
}

fn group(name: &str, listings: &[&RuleListing]) -> Result<Out, Refusal> {
    let mut members = vec![
        ("GroupName".to_owned(), Out::Text(name.to_owned())),
        ("Description".to_owned(), Out::Text(name.to_owned())),
    ];
    for (key, direction) in
        [("IpPermissions", Direction::Inbound), ("IpPermissionsEgress", Direction::Outbound)]
    {
        let mut of_direction = listings.iter().filter(|listing| listing.direction == direction);
        let Some(listing) = of_direction.next() else { continue };
        if of_direction.next().is_some() {
            return Err(Refusal::new(
                format!("two rule sets for one direction would both be the group `{name}`"),
                "give them names that differ in letters and digits",
            ));
        }
        members.push((key.to_owned(), Out::List(permissions(listing)?)));
    }
    if listings.iter().any(|listing| listing.direction == Direction::Transit) {
        return Err(Refusal::new(
            "a security group has inbound and outbound rules, and none for both",
            "compile for the inbound or the outbound direction",
        ));
    }
    Ok(Out::Object(members))
}

/// The permissions of one direction: rules with the same protocol and ports are one.
fn permissions(listing: &RuleListing) -> Result<Vec<Out>, Refusal> {
    let mut rules = listing.rules.clone();
    if listing.default_permit {
        rules.push(NewRule { name: "all other".to_owned(), permit: true, region: Region::any() });
    }
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut seen: std::collections::HashSet<Spec> = std::collections::HashSet::new();
    let mut count = Count::default();
    for (name, region) in write::permits(&rules)? {
        let description = write::description(&name);
        for spec in write::specs(&name, &region, listing.direction, Place::SecurityGroup)? {
            // AWS takes no rule twice.
            if !seen.insert(spec.clone()) {
                continue;
            }
            count.add(spec.far.kind(), 1);
            wanted.push((spec, description.clone()));
        }
        count.check()?;
    }
    Ok(write::by_traffic(wanted)
        .iter()
        .map(|(traffic, targets)| write::permission(*traffic, targets, Style::Pascal, true))
        .collect())
}

/// How many rules of each family there are: quotas count them apart, and groups for both.
#[derive(Default)]
pub struct Count {
    v4: usize,
    v6: usize,
}

impl Count {
    pub fn add(&mut self, kind: TargetKind, size: usize) {
        if kind != TargetKind::V6 {
            self.v4 += size;
        }
        if kind != TargetKind::V4 {
            self.v6 += size;
        }
    }

    pub fn check(&self) -> Result<(), Refusal> {
        let most = self.v4.max(self.v6);
        if most <= RULE_LIMIT {
            return Ok(());
        }
        Err(Refusal::new(
            format!(
                "{most} rules are needed one way, and a security group never has more than {RULE_LIMIT} (60, where the quota was not raised)"
            ),
            "use larger prefixes, or a prefix list (`aws ec2 create-managed-prefix-list`)",
        ))
    }
}

/// The group's name from that of a rule set, which may say the direction after a slash. EC2 API reference,
/// `CreateSecurityGroup`: up to 255 characters of those below, and not `sg-` at the beginning.
fn group_name(rule_set: &str) -> String {
    let name =
        ["/inbound", "/outbound"].iter().find_map(|way| rule_set.strip_suffix(way)).unwrap_or(rule_set);
    let fits =
        |character: char| character.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(character);
    let name = name.trim();
    let name =
        if name.get(..3).is_some_and(|head| head.eq_ignore_ascii_case("sg-")) { &name[3..] } else { name };
    let fitted: String =
        name.chars().take(255).map(|character| if fits(character) { character } else { '-' }).collect();
    let fitted = fitted.trim().to_owned();
    if fitted.is_empty() { "group".to_owned() } else { fitted }
}
