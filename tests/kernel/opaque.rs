//! Matches and targets of a random rule set that Flowright knows and does not model.
//!
//! What it decides in spite of them has to be right: the same words in two rules may mean the same of a packet or not,
//! and a target may change what a later rule looks at.

use super::random::Random;
use super::topology::Family;

const BOTH: &[&str] = &[
    "-m length --length 0:60",
    "-m length ! --length 0:60",
    "-m mark --mark 0x10",
    "-m mark ! --mark 0x10",
    "-m mark --mark 0x1/0x1",
    "-m connmark --mark 0x1",
    "-m connmark ! --mark 0x1",
    "-m dscp --dscp 0x0a",
    "-m dscp ! --dscp 0x0a",
    "-m tos --tos 0x10/0xff",
    "-m mac --mac-source 02:00:00:00:02:01",
    "-m mac ! --mac-source 02:00:00:00:02:01",
    "-m pkttype --pkt-type unicast",
    "-m pkttype ! --pkt-type unicast",
    "-m addrtype --dst-type UNICAST",
    "-m addrtype ! --dst-type UNICAST",
    "-m addrtype --dst-type LOCAL",
    "-m addrtype ! --src-type LOCAL",
    "-m statistic --mode nth --every 2 --packet 0",
    "-m limit --limit 1/hour --limit-burst 3",
    "-m limit --limit 1/hour --limit-burst 3 -m length --length 0:60",
    "-m string --string FLOW --algo bm",
    "-m string --string NONE --algo bm",
    "-m time --datestart 2001-01-01T00:00:00",
    "-m time --datestop 2001-01-01T00:00:00",
    "-m recent --name seen --set",
    "-m recent --name seen --rcheck",
    "-m recent --name seen ! --rcheck",
    "-m recent --name seen --update --seconds 60",
    "-m quota --quota 300",
    "-m quota ! --quota 300",
    "-m connlimit --connlimit-above 2",
    "-m connlimit --connlimit-upto 2",
    "-m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 2 --hashlimit-mode srcip --hashlimit-name h",
    "-m conntrack --ctdir ORIGINAL",
    "-m conntrack --ctdir REPLY",
    "-m conntrack --ctproto 6",
    "-m conntrack ! --ctproto 6",
    "-m conntrack --ctstatus NONE",
    "-m conntrack --ctstatus CONFIRMED",
    "-m conntrack --ctstate DNAT",
    "-m conntrack ! --ctstate DNAT",
    "-m conntrack --ctstate NEW,DNAT",
    "-m conntrack --ctstate RELATED,SNAT",
    "-m conntrack ! --ctstate NEW,SNAT",
    "-m helper --helper ftp",
    "-m cpu --cpu 0",
    "-m devgroup --src-group 0x0",
    "-m physdev --physdev-is-bridged",
    "-m physdev ! --physdev-is-bridged",
];

const IPV4: &[&str] = &[
    "-m ttl --ttl-eq 63",
    "-m ttl ! --ttl-eq 63",
    "-m ttl --ttl-gt 62",
    "-m ttl --ttl-lt 64",
    "-m u32 --u32 \"0x6&0xff=0x11\"",
    "-m u32 ! --u32 \"0x6&0xff=0x11\"",
    "-m ecn --ecn-ip-ect 0",
    "-m realm --realm 0x0",
    "! -f",
    "-f",
];

const IPV6: &[&str] = &[
    "-m hl --hl-eq 63",
    "-m hl ! --hl-eq 63",
    "-m hl --hl-gt 62",
    "-m eui64",
    "-m rt --rt-type 0",
    "-m frag --fragid 1",
    "-m ipv6header --header none --soft",
    "-m ipv6header ! --header none --soft",
];

pub fn matched(family: Family, random: &mut Random) -> String {
    let own = if family == Family::V4 { IPV4 } else { IPV6 };
    let all = if random.chance(80) { BOTH } else { own };
    (*random.pick(all)).to_owned()
}

/// Something that changes a packet in table `mangle`.
pub fn changing(family: Family, random: &mut Random) -> &'static str {
    let hops = if family == Family::V4 {
        ["TTL --ttl-set 30", "TTL --ttl-inc 1"]
    } else {
        ["HL --hl-set 30", "HL --hl-inc 1"]
    };
    let all = [
        "MARK --set-mark 0x10",
        "MARK --or-mark 0x1",
        "MARK --set-xmark 0x0/0xffffffff",
        "CONNMARK --set-mark 0x1",
        "CONNMARK --restore-mark",
        "CONNMARK --save-mark",
        "DSCP --set-dscp 10",
        "TOS --set-tos 0x10",
        "TOS --set-tos 0x00",
        hops[0],
        hops[1],
    ];
    random.pick::<&str>(&all)
}
