use super::*;

const FOUR: &str = "\
ASA Version 9.8(2)
interface GigabitEthernet0/0
 nameif outside
 security-level 0
interface GigabitEthernet0/1
 nameif inside
interface GigabitEthernet0/2
 nameif dmz
 security-level 50
interface GigabitEthernet0/3
 nameif lab
 security-level 50
interface Management0/0
 nameif mgmt
 security-level 90
 management-only
";

fn between(more: &str, from: &str, to: &str) -> String {
    ask(&format!("{FOUR}{more}"), &format!("10.0.0.1 -> 192.0.2.1 tcp/80 in {from} out {to}"))
}

#[test]
fn without_lists_traffic_flows_down_only() {
    assert_eq!(between("", "inside", "outside"), "permit by security-level 100 of inside");
    assert_eq!(between("", "inside", "dmz"), "permit by security-level 100 of inside");
    assert_eq!(between("", "dmz", "outside"), "permit by security-level 50 of dmz");
    assert_eq!(between("", "outside", "dmz"), "deny by implicit deny of security-level 0 of outside");
    assert_eq!(between("", "dmz", "inside"), "deny by implicit deny of security-level 50 of dmz");
}

#[test]
fn interfaces_of_one_level_need_leave() {
    let (inter, intra) =
        ("same-security-traffic permit inter-interface\n", "same-security-traffic permit intra-interface\n");
    assert_eq!(
        between("", "dmz", "lab"),
        "deny by no same-security-traffic permit inter-interface, from dmz"
    );
    assert_eq!(between(inter, "dmz", "lab"), "permit by security-level 50 of dmz");
    assert_eq!(
        between(intra, "dmz", "lab"),
        "deny by no same-security-traffic permit inter-interface, from dmz"
    );
    assert_eq!(
        between(inter, "dmz", "dmz"),
        "deny by no same-security-traffic permit intra-interface, at dmz"
    );
    assert_eq!(between(intra, "dmz", "dmz"), "permit by security-level 50 of dmz");
    // A list does not give it.
    let list = "access-list A extended permit ip any any\naccess-group A in interface dmz\n";
    assert_eq!(
        between(list, "dmz", "lab"),
        "deny by no same-security-traffic permit inter-interface, from dmz"
    );
    assert_eq!(between(&format!("{list}{inter}"), "dmz", "lab"), "permit by A line 1");
}

#[test]
fn a_list_puts_the_level_out_of_force() {
    let list = "access-list A extended permit tcp any any eq 443\naccess-group A in interface inside\n";
    assert_eq!(
        between(list, "inside", "outside"),
        "deny by implicit deny of access-group A in interface inside"
    );
    let list = "access-list A extended permit tcp any any eq 80\naccess-group A in interface outside\n";
    assert_eq!(between(list, "outside", "inside"), "permit by A line 1");
    // An outbound list leaves the level of where the packet came in.
    let list = "access-list A extended permit tcp any any\naccess-group A out interface outside\n";
    assert_eq!(between(list, "inside", "outside"), "permit by A line 1");
    assert_eq!(between(list, "inside", "dmz"), "permit by security-level 100 of inside");
}

#[test]
fn a_management_interface_passes_nothing() {
    assert_eq!(between("", "inside", "mgmt"), "deny by management-only of mgmt");
    assert_eq!(between("", "mgmt", "outside"), "deny by management-only of mgmt");
}

#[test]
fn an_interface_without_a_name_is_none() {
    let text = "interface e0\n no nameif\n no security-level\ninterface e1\n nameif outside\n";
    assert_eq!(import(text).rule_sets[0].entries.len(), 2);
    let fwsm = FOUR.replace("ASA Version 9.8(2)", "FWSM Version 4.1(5)");
    assert_eq!(
        ask(&fwsm, "10.0.0.1 -> 192.0.2.1 tcp/80 in inside out outside"),
        "deny by implicit deny of security-level 100 of inside"
    );
}
