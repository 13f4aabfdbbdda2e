//! What lets replies through: reflexive lists, and inspection.

use super::*;

const REFLEXIVE: &str = "interface Ethernet0\n ip access-group OUT out\n ip access-group IN in\n\
ip access-list extended OUT\n permit tcp 10.0.0.0 0.255.255.255 any eq 443 reflect SESSIONS timeout 120\n permit udp any any eq 53 reflect SESSIONS\n\
ip access-list extended IN\n evaluate SESSIONS\n deny ip any any\n";

#[test]
fn evaluate_lets_replies_through_and_nothing_else() {
    let asked =
        |text: &str, question: &str| ask(text, "router", &format!("{question} in Ethernet0 out Ethernet1"));
    assert_eq!(asked(REFLEXIVE, "192.0.2.1 -> 10.0.0.5 tcp/50000 from 443 is first"), "deny by IN 20");
    assert!(asked(REFLEXIVE, "192.0.2.1 -> 10.0.0.5 tcp/50000 from 443 is reply").starts_with("permit"));
    assert_eq!(asked(REFLEXIVE, "192.0.2.1 -> 10.0.0.5 tcp/50000 from 80 is reply"), "deny by IN 20");
    assert_eq!(asked(REFLEXIVE, "192.0.2.1 -> 172.16.0.5 tcp/50000 from 443 is reply"), "deny by IN 20");
    // Of UDP nothing shows that a packet is a reply.
    assert_eq!(asked(REFLEXIVE, "192.0.2.1 -> 10.0.0.5 udp/50000 from 53"), "either");
    assert_eq!(asked(REFLEXIVE, "192.0.2.1 -> 10.0.0.5 udp/50000 from 53 is first"), "deny by IN 20");
}

#[test]
fn a_session_that_went_another_way_is_not_remembered() {
    let question = "192.0.2.1 -> 10.0.0.5 tcp/50000 from 443 is reply in Ethernet0 out Ethernet1";
    let earlier =
        REFLEXIVE.replace(" permit tcp 10.0.0.0", " permit tcp host 10.0.0.5 any\n permit tcp 10.0.0.0");
    assert_eq!(ask(&earlier, "router", question), "either");
    let elsewhere = REFLEXIVE.replace(
        " ip access-group OUT out\n",
        "interface Ethernet7\n ip access-group OUT out\ninterface Ethernet0\n",
    );
    assert_eq!(ask(&elsewhere, "router", question), "either");
    let none = REFLEXIVE.replace("reflect SESSIONS", "reflect OTHERS");
    assert_eq!(ask(&none, "router", question), "deny by IN 20");
}

#[test]
fn inspection_opens_the_way_back() {
    let text = "ip inspect name FW tcp\nip inspect name FW udp\nip inspect name FW http\n\
                interface Ethernet0\n ip access-group IN in\n ip inspect FW out\ninterface Ethernet1\n\
                ip access-list extended IN\n deny ip any any\n";
    let asked = |question: &str| {
        ask(text, "router", &format!("192.0.2.1 -> 10.0.0.5 {question} in Ethernet0 out Ethernet1"))
    };
    assert_eq!(asked("tcp/50000 from 443 is first"), "deny by IN 10");
    assert_eq!(
        asked("tcp/50000 from 443 is reply"),
        "permit by Ethernet0 out: inspect FW, past outbound lists"
    );
    assert_eq!(asked("udp/50000 from 53"), "either");
    assert_eq!(asked("icmp/0 is reply"), "deny by IN 10");
    let part = text.replace("ip inspect name FW tcp\n", "");
    let question = "192.0.2.1 -> 10.0.0.5 tcp/50000 from 80 is reply in Ethernet0 out Ethernet1";
    assert_eq!(ask(&part, "router", question), "either", "which ports are HTTP is not said");
}
