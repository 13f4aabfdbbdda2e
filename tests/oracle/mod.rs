//! Our bounds against those of a formally verified tool, for new connections through the filter table.

mod listing;

use std::collections::BTreeSet;
use std::path::Path;

use formats::text::decode;
use space::{
    AddressSet, Effort, FlowSet, NameSet, Outcome, Question, Region, RuleSet, Set, decide, judge, protocol,
};
use tests::corpus::corpus;
use tests::folder::files_below;

use listing::listing;

/// Where we and the other tool say otherwise, and why we are right: the folder, the chain, and the reason.
const EXPLAINED: &[(&str, &str, &str)] = &[];

/// No packet that the other tool proves to be accepted is surely denied by us, and none that it proves to be dropped is
/// surely permitted by us.
///
/// The tool reads the filter table alone, takes every packet for a new connection, and where it knows which addresses
/// stand behind an interface it writes them in the interface's place. We leave the interface open, so our bounds may be
/// wider than its own, never beyond them. For `lo` it writes 127.0.0.0/8, so packets from elsewhere come by another.
#[test]
fn bounds_agree_with_the_verified_tool() {
    let Some(corpus) = corpus() else { return };
    let iptables = corpus.join("iptables");
    let listings: BTreeSet<_> = files_below(&iptables)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "lower" || end == "upper"))
        .map(|path| {
            (
                path.parent().and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default(),
                path.with_extension(""),
            )
        })
        .collect();
    assert!(listings.len() > 5, "only {} listings: is this the whole corpus?", listings.len());
    let mut wrong = Vec::new();
    for (folder, stem) in listings {
        let chain = if stem.to_string_lossy().contains("INP") { "INPUT" } else { "FORWARD" };
        let ours = filter_table(&iptables.join(&folder), chain);
        let read = |end: &str| {
            let path = iptables.join(format!("{}.{end}", stem.display()));
            let text = std::fs::read_to_string(&path).unwrap();
            listing(&text, chain).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()))
        };
        let (lower, upper) = (read("lower"), read("upper"));
        for (name, number) in [("tcp", protocol::TCP), ("udp", protocol::UDP), ("icmp", protocol::ICMP)] {
            let v4 = AddressSet::any_v4();
            let asked = Region::any().from(v4.clone()).to(v4).protocol(number);
            let effort = Effort::usual();
            let (mut permitted, mut denied) = (FlowSet::empty(), FlowSet::empty());
            for region in by_loopback_or_not(&asked) {
                let judgement = judge(&Question::about(region), &ours, &effort).unwrap();
                permitted = permitted.union(judgement.permitted);
                denied = denied.union(judgement.denied);
            }
            let accepted = decided(&asked, &lower, Outcome::Permit);
            let dropped = decided(&asked, &upper, Outcome::Deny);
            let explained = EXPLAINED.iter().any(|(known, of, _)| folder == Path::new(known) && *of == chain);
            for (what, both) in [
                ("accepted for sure, and we deny it", accepted.intersect(&denied)),
                ("dropped for sure, and we permit it", dropped.intersect(&permitted)),
            ] {
                if !both.is_empty() && !explained {
                    wrong.push(format!(
                        "{} {chain}: {what}: {}",
                        folder.display(),
                        FlowSet { regions: both.regions[..1].to_vec() }
                    ));
                }
            }
            let share = |set: &FlowSet| 100.0 * (0.0 + set.canonical(&effort).unwrap().size()) / asked.size();
            println!(
                "{} {chain} {name}: permitted for sure {:.4} % (theirs {:.4} %), denied for sure {:.4} % (theirs {:.4} %)",
                folder.display(),
                share(&permitted),
                share(&accepted),
                share(&denied),
                share(&dropped),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Packets from loopback addresses, by whatever interface, and packets from elsewhere, by any but the loopback.
fn by_loopback_or_not(asked: &Region) -> [Region; 2] {
    let loopback = AddressSet::from("127.0.0.0/8".parse::<ipnet::Ipv4Net>().unwrap());
    let elsewhere = Region { in_interface: NameSet::one("lo").complement(), ..asked.clone() };
    [
        Region { source: asked.source.intersect(&loopback), ..asked.clone() },
        elsewhere.from(asked.source.subtract(&loopback)),
    ]
}

/// What of `asked` a listing decides this way.
fn decided(asked: &Region, rules: &RuleSet, outcome: Outcome) -> FlowSet {
    let pieces = decide(std::slice::from_ref(asked), rules, &Effort::usual()).unwrap();
    pieces.into_iter().filter(|piece| piece.outcome == outcome).map(|piece| piece.region).collect()
}

/// The one export of a folder, as our importer reads it; of the stages on a packet's way only the filter table's.
fn filter_table(folder: &Path, chain: &str) -> RuleSet {
    let files = files_below(folder).into_iter().filter(|path| !path.starts_with("oracle"));
    let files: Vec<_> = files.collect();
    let [file] = files.as_slice() else { panic!("`{}` should hold one export", folder.display()) };
    let (text, _) = decode(&std::fs::read(folder.join(file)).unwrap()).unwrap();
    let export =
        formats::import(&text, None).unwrap_or_else(|error| panic!("{}: {error:?}", folder.display()));
    let rule_set = export.rule_sets.into_iter().find(|rule_set| rule_set.name == chain).unwrap();
    let name = format!("policy of chain {chain}");
    let stages = rule_set.rules.stages.into_iter().zip(&rule_set.stages);
    let stages: Vec<_> = stages.filter(|(_, entry)| entry.name == name).map(|(stage, _)| stage).collect();
    assert_eq!(stages.len(), 1, "{}: which stage is the filter table's?", folder.display());
    RuleSet { stages, ..rule_set.rules }
}
