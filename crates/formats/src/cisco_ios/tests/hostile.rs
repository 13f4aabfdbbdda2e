//! Whatever stands in a file is read or refused.

use std::fmt::Write as _;

use super::*;

fn survives(text: &str) {
    CiscoIos.detect(text);
    let Ok(export) = CiscoIos.import(text) else { return };
    for set in &export.rule_sets {
        assert_eq!(set.rules.check(), Ok(()));
        let mut ids: Vec<u32> = set.rules.rules().map(|rule| rule.id.0).collect();
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(ids.last().is_none_or(|last| (*last as usize) < set.entries.len()));
        let mut names: Vec<&str> = set.entries.iter().map(|entry| entry.name.as_str()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        let written = set.entries.iter().filter(|entry| !entry.implied).map(|entry| entry.place.start);
        assert!(written.clone().zip(written.skip(1)).all(|(a, b)| a <= b));
    }
    let statements = &export.coverage.statements;
    assert!(statements.windows(2).all(|pair| pair[0].place.end <= pair[1].place.start), "{text:?}");
    let places = statements.iter().map(|it| it.place).chain(export.problems.iter().map(|it| it.place));
    for place in places {
        assert!(text.get(std::ops::Range::from(place)).is_some(), "{place:?} in {text:?}");
    }
}

#[test]
fn every_cut_and_every_small_change_of_a_file_is_survived() {
    let text = "hostname r\nbanner motd ^C x ^C\nobject-group network g\n host 10.0.0.1\n10 group-object h\nobject-group service s\n tcp range 1 2\n\
                interface Ethernet0 point\n ip address 10.0.0.1/8\n ip access-group A in\n ip nat inside\n zone-member security z\n\
                ip route 0.0.0.0/0 10.0.0.2 5\nip nat inside source list 1 pool p\nzone-pair security p source z destination z\n\
                ip access-list extended A\n 10 permit tcp any eq 1 2 10.0.0.1 0.0.5.1 range 3 4 established log x\n evaluate R\n\
                20 permit object-group s object-group g any reflect R timeout 5\n no 10\n permit icmp any any 3 4 time-range t\n\
                ipv6 access-list S\n sequence 5 permit tcp ::/0 any match-any +ack -syn\n\
                time-range t\n absolute end 1:00 31 March 2026\naccess-list 10 permit 10.0.0.0, wildcard bits 0.0.0.255 (1 match)\n";
    survives(text);
    for at in 0..=text.len() {
        survives(&text[..at]);
        for odd in ["\"", "\n", " ", "é", "\u{3}", "99999999999999999999", "/", "(", "!", "no "] {
            survives(&format!("{}{odd}{}", &text[..at], &text[at..]));
        }
        if at < text.len() {
            survives(&format!("{}{}", &text[..at], &text[at + 1..]));
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(400) })]
    #[test]
    fn words_in_any_order_are_survived(words in proptest::collection::vec(0..WORDS.len(), 0..40)) {
        let words: Vec<&str> = words.into_iter().map(|word| WORDS[word]).collect();
        survives(&words.join(" "));
        survives(&format!("ip access-list extended A\n {}\n", words.join(" ")));
        survives(&format!("interface Ethernet0\n {}\n", words.join(" ")));
    }
}

const WORDS: &[&str] = &[
    "\n",
    "\n ",
    "ip",
    "ipv6",
    "ipv4",
    "access-list",
    "access-group",
    "extended",
    "standard",
    "A",
    "101",
    "10",
    "permit",
    "deny",
    "remark",
    "tcp",
    "udp",
    "icmp",
    "any",
    "host",
    "10.0.0.1",
    "0.0.255.0",
    "10.0.0.0/8",
    "2001:db8::/32",
    "eq",
    "range",
    "gt",
    "80",
    "www",
    "established",
    "log",
    "evaluate",
    "reflect",
    "R",
    "no",
    "object-group",
    "network",
    "service",
    "interface",
    "Ethernet0",
    "in",
    "out",
    "time-range",
    "(",
    "dynamic",
    "sequence",
    "timeout",
    "match-all",
    "+syn",
    "nat",
    "inside",
    "outside",
    "source",
    "list",
    "route",
    "vrf",
    "exit",
    "banner",
    "motd",
    "#",
    "zone-pair",
    "security",
    "destination",
    "inspect",
    "name",
    "portgroup",
    "group-object",
    "address",
    "absolute",
    "end",
];

#[test]
fn large_files_are_read_in_their_time() {
    let start = std::time::Instant::now();
    let mut text = "interface Ethernet0\n ip access-group A in\nip access-list extended A\n".to_owned();
    for number in 0..100_000_u32 {
        let [_, a, b, c] = number.to_be_bytes();
        writeln!(text, " permit tcp host 10.{a}.{b}.{c} 192.0.2.0 0.0.0.255 eq 443").unwrap();
    }
    survives(&text);
    // Twice as much of anything takes about twice as long: no list is walked for each of its lines.
    let mut lists = String::new();
    for number in 0..20_000 {
        writeln!(lists, "interface Ethernet{number}\n ip address 10.0.0.1 255.255.255.0\n ip access-group L{number} in\nip access-list extended L{number}\n permit ip any any\nip route 10.{}.0.0 255.255.0.0 Ethernet{number}", number % 256).unwrap();
    }
    survives(&lists);
    survives(&"permit ".repeat(2_000_000));
    survives(&format!("access-list 101 permit tcp any any eq {}", "80 ".repeat(1_000_000)));
    survives(&"banner motd #\n".repeat(50_001));
    survives(&"certificate 1\nAB\n".repeat(20_000));
    let wild: String = (0..50_000)
        .map(|n| format!("access-list 101 permit ip any 10.0.0.{} 0.255.{}.0\n", n % 256, n / 256))
        .collect();
    survives(&wild);
    let mut zones = "zone security z\nip nat inside source list 1 pool p\n".repeat(20_000);
    for number in 0..20_000 {
        writeln!(zones, "interface E{number}\n zone-member security z\n ip nat inside\n ip access-group A in\n ip access-group B out").unwrap();
        writeln!(
            zones,
            "object-group network g{number}\n host 10.0.0.1\npolicy-map p{number}\n class c\n  drop"
        )
        .unwrap();
        writeln!(zones, "ip access-list extended A\n evaluate r\nip access-list extended B\n permit tcp any any eq {number} reflect r").unwrap();
    }
    survives(&zones);
    let taken: String = (0..50_000).map(|n| format!(" {n} permit ip any any\n no {n}\n")).collect();
    survives(&format!("ip access-list extended A\n{taken}"));
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}
