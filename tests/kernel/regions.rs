//! Random rules in no vendor's words: what a policy or a fix asks to be written.

use formats::{Direction, NewRule, RuleListing};
use space::{AddressSet, IntervalSet, NameSet, Region, Set, protocol};

use super::probes::Hook;
use super::random::Random;
use super::topology::{Family, LINKS};
use super::words::Words;

/// A whole rule set for packets of `family` at the hook.
pub fn listing(family: Family, hook: Hook, random: &mut Random) -> RuleListing {
    let mut rules: Vec<NewRule> = (0..random.below(8)).map(|_| rule(family, hook, random)).collect();
    // Addresses alone tell a reader which family a rule set is for.
    if family == Family::V6 {
        let region = Region::any().from(addresses(family, random)).to(AddressSet::any_v6());
        rules.push(NewRule { name: "last".to_owned(), permit: random.chance(50), region });
    }
    let direction = match hook {
        Hook::Forward => Direction::Transit,
        Hook::Input => Direction::Inbound,
        Hook::Output => Direction::Outbound,
    };
    RuleListing { name: hook.chain().to_owned(), direction, rules, default_permit: random.chance(40) }
}

/// One rule. iptables can say most of them.
pub fn rule(family: Family, hook: Hook, random: &mut Random) -> NewRule {
    let names = ["web", "", "two words", "it's \"so\"", "-j DROP", "# none", "\\", "naïve $x `y`", "a\nb"];
    let mut region = Region::any();
    if random.chance(60) {
        region = region.from(addresses(family, random));
    }
    if random.chance(60) {
        region = region.to(addresses(family, random));
    }
    if random.chance(70) {
        service(&mut region, family, random);
    }
    if hook != Hook::Output && random.chance(15) {
        region.in_interface = interface(random);
    }
    if hook != Hook::Input && random.chance(15) {
        region.out_interface = interface(random);
    }
    NewRule { name: (*random.pick(&names)).to_owned(), permit: random.chance(65), region }
}

fn addresses(family: Family, random: &mut Random) -> AddressSet {
    let words = Words { family, tracked: false, opaque: false };
    let one = |random: &mut Random| {
        let low = words.base(random);
        let high = match random.below(4) {
            0 => low,
            // A prefix, or what is none.
            1 => low | 0xff,
            2 => low + random.between(0, 5000),
            _ => low | 0xffff,
        };
        let low = if high & 0xff == 0xff && random.chance(60) { low & !(high ^ low | 0xff) } else { low };
        AddressSet::range(family.address(low), family.address(high))
    };
    let first = one(random);
    let all = match random.below(10) {
        0..5 => first,
        5..9 => AddressSet::union_of([&first, &one(random), &one(random)]),
        _ => {
            let whole = if family == Family::V4 { AddressSet::any_v4() } else { AddressSet::any_v6() };
            whole.subtract(&first.union(&one(random)))
        }
    };
    if all.is_empty() { AddressSet::any() } else { all }
}

fn service(region: &mut Region, family: Family, random: &mut Random) {
    let (icmp, types): (u8, &[u8]) =
        if family == Family::V4 { (protocol::ICMP, &[3, 8, 11]) } else { (protocol::ICMPV6, &[1, 128, 129]) };
    let number = match random.below(12) {
        0..4 => protocol::TCP,
        4..7 => protocol::UDP,
        7 => protocol::SCTP,
        8 => *random.pick(&[protocol::UDPLITE, protocol::DCCP]),
        9 => icmp,
        10 => {
            region.protocol =
                IntervalSet::from_ranges([(protocol::GRE, protocol::GRE), (protocol::ESP, protocol::ESP)]);
            return;
        }
        _ => {
            region.protocol =
                IntervalSet::one(*random.pick(&[protocol::TCP, protocol::UDP, 89])).complement();
            return;
        }
    };
    region.protocol = IntervalSet::one(number);
    if number == icmp {
        if random.chance(70) {
            let kind = u16::from(*random.pick(types)) << 8;
            let codes =
                if random.chance(50) { 255 } else { u16::try_from(random.below(3)).expect("it is small") };
            let set = IntervalSet::range(kind, kind + codes);
            region.destination_port = if random.chance(15) { set.complement() } else { set };
        }
        return;
    }
    if random.chance(85) {
        region.destination_port = ports(random);
    }
    if random.chance(15) {
        region.source_port = ports(random);
    }
}

fn ports(random: &mut Random) -> IntervalSet<u16> {
    let count = match random.below(6) {
        0..3 => 1,
        3..5 => 3,
        // More than one `multiport` holds.
        _ => 20,
    };
    let one = |random: &mut Random| {
        let (low, high) = Words::two_ports(random);
        if random.chance(60) || count == 20 { (low, low) } else { (low, high) }
    };
    let all = IntervalSet::from_ranges((0..count).map(|_| one(random)).collect::<Vec<_>>());
    match all.complement() {
        rest if random.chance(15) && !rest.is_empty() => rest,
        _ => all,
    }
}

fn interface(random: &mut Random) -> NameSet {
    let one = NameSet::one(random.pick::<&str>(&LINKS));
    match random.below(4) {
        0 => one.complement(),
        1 => one.union(&NameSet::one(random.pick::<&str>(&LINKS))),
        _ => one,
    }
}
