//! What nft lists of a file that it loaded, as text and as JSON, means what the file does.

use formats::Export;
use space::{AddressSet, Effort, IntervalSet, Region, Set, difference, protocol};

use super::compare::Comparison;
use super::judged::import;
use super::nft;

/// Compares the file that is loaded with what nft lists of it.
pub fn listed(comparison: &Comparison, text: &str) -> Result<(), String> {
    let file = import(text)?;
    let router = comparison.kernel().network.router();
    let lists = [nft::listed(router, false)?, nft::listed(router, true)?, nft::listed_as_json(router)?];
    for list in lists {
        let other = import(&list).map_err(|error| format!("{error}\nof the list:\n{list}"))?;
        same(&file, &other)
            .map_err(|error| format!("{error}\nof the list:\n{list}\nof the file:\n{text}"))?;
    }
    Ok(())
}

fn same(file: &Export, list: &Export) -> Result<(), String> {
    let names = |export: &Export| -> Vec<String> {
        export.rule_sets.iter().map(|rule_set| rule_set.name.clone()).collect()
    };
    let (in_file, in_list) = (names(file), names(list));
    if in_file != in_list {
        return Err(format!("the file has the rule sets {in_file:?}, and the list {in_list:?}"));
    }
    for (one, other) in file.rule_sets.iter().zip(&list.rule_sets) {
        for (old, new) in [(one, other), (other, one)] {
            let difference = difference(&old.rules, &new.rules, &Effort::usual())
                .map_err(|exhausted| format!("it takes more than {} region operations", exhausted.limit))?;
            let mut changes = difference.newly_permitted.iter().chain(&difference.newly_denied);
            if let Some(change) = changes.find(|change| is_sent(&change.region)) {
                return Err(format!("the list decides {} at {} otherwise", change.region, one.name));
            }
        }
    }
    Ok(())
}

/// Whether the region has packets that anybody sends: ICMP over IPv6 is none, nor ICMPv6 over IPv4. nft does not print
/// whether a rule is for those.
fn is_sent(region: &Region) -> bool {
    let odd = |address: AddressSet, number| Region {
        source: address.clone(),
        destination: address,
        protocol: IntervalSet::one(number),
        ..Region::any()
    };
    let over_v6 = odd(AddressSet::any_v6(), protocol::ICMP);
    let over_v4 = odd(AddressSet::any_v4(), protocol::ICMPV6);
    ![over_v6, over_v4].iter().any(|odd| {
        region.source.subtract(&odd.source).is_empty() && region.protocol.subtract(&odd.protocol).is_empty()
    })
}
