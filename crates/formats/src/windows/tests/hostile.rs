//! Whatever strangers write is read or refused.

use proptest::prelude::*;

use super::*;

fn survives(text: &str) {
    let _ = Windows.detect(text);
    if let Ok(export) = Windows.import(text) {
        for set in &export.rule_sets {
            set.rules.check().expect("well formed");
        }
    }
}

#[test]
fn files_that_are_cut_off_anywhere() {
    let json = collected(&[r#""DisplayName": "Büro", "RemoteAddress": ["192.0.2.0/24"]"#]);
    let script =
        "New-NetFirewallRule -DisplayName \"a`\"b\" -RemoteAddress @('1', \"$x\") <# x #> `\n -Profile {";
    let registry =
        "\"a\"=\"v2.31|Action=Allow|Active=TRUE|Dir=In|Platform=2:6:2|LPort=RPC|RA4=LocalSubnet|Name=x|\"\n";
    let netsh = "Rule Name:   x\n------------------------------\nEnabled: Yes\nProtocol: ICMPv4\n   8 Any\nAction: Allow\n";
    let table = "\"DisplayName\";\"Direction\";\"Action\";\"Protocol\";\"RemoteAddress\"\n\"a\"\"b\";\"Inbound\";\"Allow\";\"TCP\";\"Any\"\n";
    for text in [&json, script, registry, netsh, table] {
        for (at, _) in text.char_indices() {
            survives(&text[..at]);
            survives(&text[at..]);
        }
    }
}

#[test]
fn files_that_are_large_take_no_time() {
    let long = "x".repeat(5_000_000);
    survives(&format!("New-NetFirewallRule -DisplayName '{long}' -RemoteAddress {}", "1,".repeat(500_000)));
    survives(&format!("{}New-NetFirewallRule -DisplayName a{}", "{(".repeat(500_000), ")}".repeat(500_000)));
    survives(&format!("New-NetFirewallRule -DisplayName {}", "$(".repeat(500_000)));
    survives(&format!("v2.31|Action=Allow|Active=TRUE|Dir=In|{}", "RA4=x|".repeat(300_000)));
    survives(&format!(
        "v2.31|Action=Allow|Active=TRUE|Dir=In|{}",
        "Platform=1:2:3|LPort=RPC|".repeat(300_000)
    ));
    let words: Vec<String> = (0..50_000).map(|number| format!("\"{number}\"")).collect();
    let rule = format!(
        r#""RemoteAddress": [{0}], "LocalAddress": [{0}], "LocalPort": [{0}], "Protocol": "TCP""#,
        words.join(",")
    );
    survives(&collected(&[&rule]));
    let same = r#""Name": "a", "DisplayName": "a""#;
    let many = vec![same; 20_000];
    let start = std::time::Instant::now();
    let export = read(&collected(&many));
    assert_eq!(inbound(&export).entries.len(), 20_000);
    assert!(start.elapsed().as_secs() < 20);
}

proptest! {
    #[test]
    fn lines_of_any_kind(lines in proptest::collection::vec(prop_oneof![
        Just("New-NetFirewallRule -DisplayName 'a' -Action Block".to_owned()),
        Just("netsh advfirewall firewall add rule name=a dir=in action=allow".to_owned()),
        Just("Rule Name:   a\n--------------------------".to_owned()),
        Just("v2.31|Action=Allow|Active=TRUE|Dir=In|".to_owned()),
        "[ -~]{0,40}",
        "\\PC{0,20}",
    ], 0..8)) {
        survives(&lines.join("\n"));
    }
}
