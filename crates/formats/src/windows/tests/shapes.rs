//! The shapes in which rules come, and what is peculiar to each.

use super::*;
use crate::Detection;

const COLUMNS: &str = "Name;DisplayName;Description;Group;Enabled;Profile;Platform;Direction;Action;EdgeTraversalPolicy;LooseSourceMapping;LocalOnlyMapping;Owner;LocalAddress;RemoteAddress;Protocol;LocalPort;RemotePort;IcmpType;DynamicTarget;Program;Package;Service;InterfaceAlias;InterfaceType;LocalUser;RemoteUser;RemoteMachine;Authentication;Encryption;OverrideBlockRules";

fn table(rows: &[&str]) -> String {
    let row = |row: &str| {
        let cells: Vec<String> = row.split(';').map(|cell| format!("\"{cell}\"")).collect();
        cells.join(";")
    };
    let rows: Vec<String> = std::iter::once(COLUMNS).chain(rows.iter().copied()).map(row).collect();
    format!("\u{feff}{}\r\n", rows.join("\r\n"))
}

#[test]
fn a_table_of_joined_rules() {
    let text = table(&[
        "{1};SMB in;Files;Share;True;Domain, Private;;Inbound;Allow;Block;False;False;;Any;LocalSubnet;TCP;445;Any;Any;Any;System;;Any;Any;Any;Any;Any;Any;NotRequired;NotRequired;False",
        "{2};Web;;;True;Any;;Inbound;Allow;Block;False;False;;Any;192.0.2.0/24,198.51.100.1;TCP;80,8000-8010;Any;Any;Any;Any;;Any;Any;Any;Any;Any;Any;NotRequired;NotRequired;False",
        "{3};Ping;;;True;Any;;Inbound;Allow;Block;False;False;;Any;Any;ICMPv4;RPC;Any;8;Any;Any;;Any;Any;Any;Any;Any;Any;NotRequired;NotRequired;False",
        "{4};Off;;;False;Any;;Inbound;Allow;Block;False;False;;Any;Any;41;Any;Any;Any;Any;Any;;Any;Any;Any;Any;Any;Any;NotRequired;NotRequired;False",
    ]);
    assert_eq!(Windows.detect(&text), Detection::Sure);
    let export = read(&text);
    // Inbound rules alone say nothing of outbound ones.
    assert_eq!(export.rule_sets.len(), 1);
    let set = inbound(&export);
    assert_eq!(set.name, "windows/inbound");
    assert_eq!(set.entries[0].comment.as_deref(), Some("Files"));
    assert_eq!(&text[std::ops::Range::from(set.entries[1].head)], "Web");
    assert_eq!(verdict(set, "198.51.100.1 -> 10.0.0.1 tcp/8005"), Verdict::Met);
    assert_eq!(verdict(set, "198.51.100.2 -> 10.0.0.1 tcp/8005"), Verdict::Missing);
    assert_eq!(verdict(set, "198.51.100.1 -> 10.0.0.1 icmp/2048"), Verdict::Met);
    assert_eq!(verdict(set, "198.51.100.1 -> 10.0.0.1 tcp/445"), Verdict::Undecided);
    assert_eq!(
        symbols(set),
        ["LocalSubnet", "not profile Domain", "profile Domain", "profile Private", "program System"]
    );
    assert_eq!(export.coverage.totals().understood, 5);
    assert!(export.problems.is_empty());
}

#[test]
fn a_table_without_filters_is_refused() {
    let text = "\"Name\",\"DisplayName\",\"Direction\",\"Action\",\"Enabled\",\"Profile\",\"EdgeTraversalPolicy\"\n\"a\",\"a\",\"Inbound\",\"Allow\",\"True\",\"Any\",\"Block\"\n";
    assert_eq!(Windows.detect(text), Detection::Sure);
    let error = error(text);
    assert!(error.message.contains("without protocol, ports and addresses"), "{}", error.message);
    assert!(error.help.contains("collect.ps1"));
    let json = r#"[{"Name": "a", "DisplayName": "a", "Direction": 1, "Action": 2, "EdgeTraversalPolicy": 0, "PolicyStoreSourceType": 1}]"#;
    assert_eq!(Windows.detect(json), Detection::Sure);
    assert!(super::error(json).message.contains("without protocol"));
}

#[test]
fn a_table_that_leaves_columns_out_is_not_certain() {
    let text = "#TYPE Selected\nDisplayName,Direction,Action,Enabled,Profile,Protocol,LocalPort,RemotePort,RemoteAddress,LocalAddress\nweb,Inbound,Allow,True,Any,TCP,443,Any,Any,Any\n";
    let export = read(text);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Undecided);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/444"), Verdict::Missing);
    assert!(export.problems[0].message.contains("Program, Package, Service"));
    assert_eq!(export.coverage.totals().approximated, 1);
}

#[test]
fn rows_that_are_broken_are_unknown() {
    let row = "{2};Web;;;True;Any;;Inbound;Allow;Block;False;False;;Any;Any;TCP;80;Any;Any;Any;Any;;Any;Any;Any;Any;Any;Any;NotRequired;NotRequired;False";
    let good = table(&[row]);
    let short = table(&[row, "{3};Short;;;True;Any;;Inbound;Allow"]);
    let export = read(&short);
    assert_eq!(export.coverage.totals().not_understood, 1);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/80"), Verdict::Undecided);
    // A filter that an exporter was not allowed to read is not `Any`.
    let blank = good.replace("\"Any\";\"Any\";\"TCP\"", "\"Any\";\"\";\"TCP\"");
    let export = read(&blank);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/80"), Verdict::Undecided);
    // A file that ends in a quote.
    let cut = &good[..good.len() - 10];
    assert_eq!(read(cut).coverage.totals().not_understood, 1);
}

#[test]
fn a_list_of_rules_with_filters_as_objects() {
    let text = r#"{"Profiles": [{"Name": "Domain", "Enabled": "True", "DefaultInboundAction": "Block", "DefaultOutboundAction": "Block"}],
      "Rules": [{"Name": "a", "DisplayName": "a", "Enabled": "True", "Direction": "Outbound", "Action": "Allow", "Profile": "Any",
        "PolicyStoreSourceType": "Local", "CimClass": {"x": 1},
        "PortFilter": {"Protocol": "TCP", "LocalPort": "Any", "RemotePort": {"value": ["443", "80"], "Count": 2}, "IcmpType": "Any", "InstanceID": "a"},
        "AddressFilter": {"LocalAddress": "Any", "RemoteAddress": "192.0.2.0/24"},
        "ApplicationFilter": {"Program": "Any", "Package": null}, "ServiceFilter": {"Service": "Any"},
        "InterfaceFilter": {"InterfaceAlias": "Any"}, "InterfaceTypeFilter": {"InterfaceType": "Any"},
        "SecurityFilter": {"LocalUser": "Any", "RemoteUser": "Any", "RemoteMachine": "Any", "Authentication": "NotRequired", "Encryption": "NotRequired", "OverrideBlockRules": false}}]}"#;
    let export = read(text);
    let set = outbound(&export);
    assert_eq!(names(set), ["a", "Domain profile: default outbound action"]);
    assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.7 tcp/80"), Verdict::Met);
    assert_eq!(verdict(set, "10.0.0.1 -> 192.0.3.7 tcp/80"), Verdict::Undecided);
    assert_eq!(export.coverage.totals().approximated, 0);
}

const NETSH: &str = "
Rule Name:                            Web \u{2013} shop
----------------------------------------------------------------------
Description:                          Serves: the shop
Enabled:                              Yes
Direction:                            In
Profiles:                             Domain,Private,Public
Grouping:
LocalIP:                              Any
RemoteIP:                             192.0.2.0/24,198.51.100.0/255.255.255.0
Protocol:                             TCP
LocalPort:                            443,8443
RemotePort:                           Any
Edge traversal:                       No
Program:                              C:\\shop\\web.exe
Service:                              Any
InterfaceTypes:                       Any
Security:                             NotRequired
Rule source:                          Local Setting
Action:                               Allow

Rule Name:                            Echo
----------------------------------------------------------------------
Enabled:                              Yes
Direction:                            In
Profiles:                             Domain
Grouping:
LocalIP:                              Any
RemoteIP:                             Any
Protocol:                             ICMPv4
                                      Type    Code
                                      8       Any
                                      3       4
Edge traversal:                       No
Program:                              System
InterfaceTypes:                       Any
Security:                             NotRequired
Rule source:                          Group Policy Setting
Action:                               Allow

Rule Name:                            Some App
----------------------------------------------------------------------
Enabled:                              Yes
Direction:                            Out
Profiles:                             Domain,Private,Public
Grouping:                             Some App
LocalIP:                              Any
RemoteIP:                             Any
Protocol:                             Any
Edge traversal:                       No
InterfaceTypes:                       Any
Security:                             NotRequired
Rule source:                          Local Setting
Action:                               Block
Ok.

";

#[test]
fn what_netsh_prints() {
    assert_eq!(Windows.detect(NETSH), Detection::Sure);
    let export = read(NETSH);
    let set = inbound(&export);
    assert_eq!(names(set), ["Web \u{2013} shop", "Echo"]);
    assert_eq!(set.entries[0].comment.as_deref(), Some("Serves: the shop"));
    assert_eq!(verdict(set, "203.0.113.7 -> 10.0.0.1 tcp/443"), Verdict::Missing);
    assert_eq!(verdict(set, "198.51.100.7 -> 10.0.0.1 tcp/8443"), Verdict::Undecided);
    assert_eq!(verdict(set, "198.51.100.7 -> 10.0.0.1 icmp/772"), Verdict::Undecided);
    assert_eq!(verdict(set, "198.51.100.7 -> 10.0.0.1 icmp/773"), Verdict::Missing);
    // An app's rule looks as if it were for everything.
    assert_eq!(verdict(outbound(&export), "10.0.0.1 -> 192.0.2.1 tcp/443"), Verdict::Undecided);
    assert_eq!(export.coverage.totals().approximated, 1);
    assert_eq!(export.coverage.totals().not_understood, 0);
}

#[test]
fn netsh_may_show_the_profiles_before_the_rules() {
    let profiles = "
Domain Profile Settings:
----------------------------------------------------------------------
State                                 ON
Firewall Policy                       BlockInbound,BlockOutbound
LocalFirewallRules                    N/A (GPO-store only)

Private Profile Settings:
----------------------------------------------------------------------
State                                 OFF
Firewall Policy                       BlockInbound,AllowOutbound

Logging:
FileName                              %systemroot%\\pfirewall.log
Ok.
";
    let text = format!("{profiles}{NETSH}");
    let export = read(&text);
    assert_eq!(
        names(outbound(&export)),
        ["Some App", "Private profile: firewall off", "Domain profile: default outbound action"]
    );
    assert_eq!(export.coverage.totals().not_understood, 0);
}

#[test]
fn netsh_without_verbose_does_not_show_programs() {
    let text: String = NETSH
        .lines()
        .filter(|line| {
            !["Program", "Service", "Interf", "Security", "Rule so", "Descrip"]
                .iter()
                .any(|label| line.starts_with(label))
        })
        .map(|line| format!("{line}\r\n"))
        .collect();
    let export = read(&text);
    assert_eq!(verdict(inbound(&export), "198.51.100.7 -> 10.0.0.1 tcp/8443"), Verdict::Undecided);
    assert_eq!(export.coverage.totals().approximated, 3);
}

#[test]
fn netsh_in_german_and_in_a_language_that_is_not_known() {
    let text = "
Regelname:                               Kasse
----------------------------------------------------------------------
Aktiviert:                               Ja
Richtung:                                Eingehend
Profile:                                 Domäne,Privat,Öffentlich
Gruppierung:
Lokales IP:                              Beliebig
Remote-IP:                               192.0.2.0/24
Protokoll:                               TCP
Lokaler Port:                            443
Remoteport:                              Beliebig
Edgeausnahme:                            Nein
Programm:                                System
Dienst:                                  Beliebig
Schnittstellentypen:                     Beliebig
Sicherheit:                              NotRequired
Regelquelle:                             Lokale Einstellung
Aktion:                                  Zulassen
OK.
";
    assert_eq!(Windows.detect(text), Detection::Sure);
    let export = read(text);
    assert_eq!(symbols(inbound(&export)), ["program System"]);
    assert_eq!(export.coverage.totals().approximated + export.coverage.totals().not_understood, 0);
    let other = text.replace("Regelname:", "Nom de la règle :");
    assert_eq!(Windows.detect(&other), Detection::Sure);
    assert!(error(&other).message.contains("language"));
}

#[test]
fn registry_strings_with_every_kind_of_field() {
    let text = r#"Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall\DomainProfile]
"EnableFirewall"=dword:00000001
"DefaultInboundAction"=dword:00000001
"DefaultOutboundAction"=dword:00000001
"DisableNotifications"=dword:00000001

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules]
"vm-in"="v2.31|Action=Allow|Active=TRUE|Dir=In|Profile=Domain|Profile=Private|Protocol=6|LPort=443|LPort2_10=5000-5010|RA4=LocalSubnet|RA6=LocalSubnet|App=%SystemRoot%\\system32\\svchost.exe|Svc=http|Name=@FirewallAPI.dll,-28502|EmbedCtxt=x|Edge=TRUE|"
"{2}"="v2.10|Action=Block|Active=TRUE|Dir=Out|Protocol=17|RPort=53|RA4=192.0.2.0/255.255.255.0|Name=dns|"
"{3}"="v2.10|Action=Allow|Dir=In|Name=without active|"
"{4}"="v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=1|ICMP4=8:*|Name=ping|Security=Authenticate|Platform=2:6:2|Platform2=GTEQ|TTK=Proximity|"
"{5}"="v2.10|Action=Allow|Active=TRUE|Dir=Out|Name=odd|Newer=1|"
"#;
    assert_eq!(Windows.detect(text), Detection::Sure);
    let export = read(text);
    let set = inbound(&export);
    assert_eq!(names(set), ["@FirewallAPI.dll,-28502", "without active", "ping"]);
    assert!(!set.entries[1].enabled);
    assert_eq!(verdict(set, "10.0.0.9 -> 10.0.0.1 tcp/5005"), Verdict::Undecided);
    assert_eq!(verdict(set, "10.0.0.9 -> 10.0.0.1 tcp/5011"), Verdict::Missing);
    assert_eq!(
        symbols(set),
        [
            "LocalSubnet",
            "authentication Required",
            "dynamic target Proximity",
            "not profile Domain",
            "platform 6.2+",
            "profile Domain",
            "profile Private",
            r"program %SystemRoot%\system32\svchost.exe",
            "service http"
        ]
    );
    // In the domain, what no rule allows is blocked; what is not understood may be anything.
    assert_eq!(verdict(outbound(&export), "10.0.0.9 -> 192.0.2.1 udp/53"), Verdict::Undecided);
    assert_eq!(statements(&export, text, Status::NotUnderstood).len(), 1);
    let lines = "    {9}    REG_SZ    v2.31|Action=Block|Active=TRUE|Dir=In|Name=b|\n";
    assert_eq!(verdict(inbound(&read(lines)), "10.0.0.9 -> 192.0.2.1 udp/53"), Verdict::Missing);
    let plain = "v2.31|Action=Allow|Active=TRUE|Dir=In|RA42=IntErnet|Name=b|\n";
    assert_eq!(symbols(inbound(&read(plain))), ["Internet"]);
}

#[test]
fn a_script_of_netsh_commands() {
    let text = "@echo off\r\nREM rules\r\nnetsh advfirewall firewall add rule name=\"Web in\" dir=in action=allow protocol=tcp localport=443 remoteip=192.0.2.0/24\r\nnetsh advfirewall firewall add rule name=ping dir=in action=block protocol=icmpv4:8,any\r\necho done\r\n";
    assert_eq!(Windows.detect(text), Detection::Sure);
    let export = read(text);
    assert_eq!(names(inbound(&export)), ["Web in", "ping"]);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/443"), Verdict::Met);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 icmp/2049"), Verdict::Missing);
    assert_eq!(export.coverage.totals().irrelevant, 2);
}

#[test]
fn a_script_of_cmdlets() {
    let text = r#"
# New-NetFirewallRule -DisplayName no
<# New-NetFirewallRule -DisplayName no either #>
$ErrorActionPreference = 'Stop'
New-NetFirewallRule -DisplayName "It's ""web""" -Dir Inbound -Protocol TCP `
    -LocalPort 80,443, 8000-8010 -RemoteAddress @('192.0.2.0/24', "198.51.100.1") -Action Allow | Out-Null
$null = New-NetFirewallRule -DisplayName 'no; dns' -Direction Outbound -Action:Block -Protocol UDP -RemotePort 53; Write-Host done
New-NetFirewallRule -DisplayName dyn -Direction Inbound -LocalPort $port -Protocol TCP
if ($x) { New-NetFirewallRule -DisplayName maybe -Direction Outbound -Action Block -RemoteAddress 192.0.2.9 }
New-NetFirewallDynamicKeywordAddress -Id '{7}' -Keyword 'www.example.com' -AutoResolve $true
New-NetFirewallRule -DisplayName name -Direction Outbound -Action Block -RemoteDynamicKeywordAddresses '{7}'
Set-NetFirewallProfile -Profile Domain, Public -DefaultOutboundAction Block
"#;
    assert_eq!(Windows.detect(text), Detection::Sure);
    let export = read(text);
    assert_eq!(names(inbound(&export)), ["It's \"web\"", "dyn"]);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/8001"), Verdict::Met);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/22"), Verdict::Undecided);
    let set = outbound(&export);
    assert_eq!(
        names(set),
        [
            "no; dns",
            "maybe",
            "name",
            "Domain profile: default outbound action",
            "Public profile: default outbound action"
        ]
    );
    assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.1 udp/53"), Verdict::Missing);
    assert_eq!(verdict(set, "10.0.0.1 -> 192.0.2.9 tcp/443"), Verdict::Undecided);
    assert_eq!(verdict(set, "10.0.0.1 -> www.example.com tcp/443"), Verdict::Missing);
    assert_eq!(export.coverage.totals().not_understood, 0);
    assert_eq!(export.coverage.totals().approximated, 2);
}

#[test]
fn what_a_script_changes_later_is_not_understood() {
    let text = "New-NetFirewallRule -DisplayName a -Action Allow -Direction Inbound\nSet-NetFirewallRule -DisplayName a -Action Block\n";
    let export = read(text);
    assert_eq!(export.coverage.totals().not_understood, 1);
    assert_eq!(verdict(inbound(&export), "192.0.2.7 -> 10.0.0.1 tcp/8001"), Verdict::Undecided);
    let before = "Remove-NetFirewallRule -DisplayName a\nNew-NetFirewallRule -DisplayName a\n";
    assert_eq!(verdict(inbound(&read(before)), "192.0.2.7 -> 10.0.0.1 tcp/8001"), Verdict::Met);
    let splatted = "New-NetFirewallRule @rule\n";
    assert_eq!(read(splatted).coverage.totals().not_understood, 1);
    assert!(error("New-NetFirewallRule -DisplayName a -WhatIf").message.contains("no `New-NetFirewallRule`"));
}

#[test]
fn reports_of_group_policies_are_refused_with_a_next_step() {
    let text = "<?xml version=\"1.0\"?>\n<GPO xmlns=\"http://www.microsoft.com/GroupPolicy/Settings\"></GPO>";
    assert!(error(text).help.contains("collect.ps1"));
    assert!(error("hello").help.contains("collect.ps1"));
}

#[test]
fn a_command_that_is_not_shown_is_still_run() {
    let text = "@echo off\r\n@rem netsh advfirewall firewall add rule name=old dir=in action=allow\r\n\
                @netsh advfirewall firewall add rule name=no dir=in action=block protocol=TCP localport=22\r\n\
                C:\\Windows\\System32\\netsh.exe advfirewall firewall add rule name=all dir=in action=allow\r\n";
    let export = read(text);
    assert_eq!(names(inbound(&export)), ["no", "all"]);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.1 tcp/22"), Verdict::Missing);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.1 tcp/23"), Verdict::Met);
}

#[test]
fn a_command_behind_another_one_is_not_certain() {
    for before in ["if exist C:\\web ", "for %%p in (80) do ", "echo ", "(", "if errorlevel 1 @"] {
        let text = format!(
            "{before}netsh advfirewall firewall add rule name=web dir=in action=allow protocol=TCP localport=80"
        );
        let export = read(&text);
        assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.1 tcp/80"), Verdict::Undecided, "{before}");
    }
    let text = "netsh advfirewall firewall add rule name=web dir=in action=allow\nadd rule name=no dir=in action=block\n";
    assert_eq!(verdict(inbound(&read(text)), "192.0.2.1 -> 10.0.0.1 tcp/80"), Verdict::Undecided);
    let text = "netsh advfirewall firewall add rule name=web dir=in action=allow action=block\n";
    assert_eq!(verdict(inbound(&read(text)), "192.0.2.1 -> 10.0.0.1 tcp/80"), Verdict::Undecided);
}

#[test]
fn a_description_of_several_lines_says_nothing_of_the_rule() {
    let text = "Rule Name:                            web\n----------------------------------------------------------------------\n\
                Description:                          for the web\nAction:                               Allow\nEnabled:                              Yes\n\
                Direction:                            In\nProfiles:                             Domain,Private,Public\nGrouping:\n\
                LocalIP:                              Any\nRemoteIP:                             Any\nProtocol:                             TCP\n\
                LocalPort:                            80\nRemotePort:                           Any\nEdge traversal:                       No\n\
                Program:                              System\nInterfaceTypes:                       Any\nSecurity:                             NotRequired\n\
                Rule source:                          Local Setting\nAction:                               Block\n";
    let export = read(text);
    assert_eq!(export.coverage.totals().not_understood, 1);
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.1 tcp/80"), Verdict::Undecided);
}

#[test]
fn what_follows_a_block_in_a_command_is_not_lost() {
    let all = "New-NetFirewallRule -DisplayName all -Direction Inbound -Action Allow\n";
    for no in [
        "New-NetFirewallRule -DisplayName no -RemoteAddress (Get-Content a | Where-Object {$_}) -Action Block",
        "New-NetFirewallRule -DisplayName no -RemoteAddress (Get-Content a -Action Block",
        "New-NetFirewallRule -DisplayName \"no -Action Block",
        "New-NetFirewallRule -DisplayName no -Action Block -Description 'it ends",
    ] {
        let export = read(&format!("{all}{no}\n"));
        assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.1 tcp/80"), Verdict::Undecided, "{no}");
    }
    let export = read("New-NetFirewallRule -DisplayName web -WhatIf:$false");
    assert_eq!(verdict(inbound(&export), "192.0.2.1 -> 10.0.0.1 tcp/80"), Verdict::Met);
}

#[test]
fn what_brackets_work_out_is_not_known() {
    for address in ["('192.0.2.1' + '0')", "(Get-Content 192.0.2.1)", "('192.0.2.1' -replace '1', '2')"] {
        let text = format!("New-NetFirewallRule -DisplayName web -RemoteAddress {address}");
        assert_eq!(
            verdict(inbound(&read(&text)), "192.0.2.1 -> 10.0.0.1 tcp/80"),
            Verdict::Undecided,
            "{address}"
        );
    }
    for address in ["('192.0.2.1', '192.0.2.2')", "@('192.0.2.1'\n'192.0.2.2')", "@('192.0.2.1','192.0.2.2')"]
    {
        let text = format!("New-NetFirewallRule -DisplayName web -RemoteAddress {address}");
        assert_eq!(verdict(inbound(&read(&text)), "192.0.2.1 -> 10.0.0.1 tcp/80"), Verdict::Met, "{address}");
    }
}

#[test]
fn a_rule_string_that_was_cut_off_may_do_anything() {
    let whole = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=443|Name=web|";
    let key = "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules]";
    for (text, expected) in [
        (whole.to_owned(), Verdict::Met),
        (format!("{whole}RA4=10.0"), Verdict::Undecided),
        (format!("{key}\n\"a\"=\"{whole}\"\n"), Verdict::Met),
        (format!("{key}\n\"a\"=\"{whole}"), Verdict::Undecided),
        (format!("    a    REG_SZ    {whole}"), Verdict::Met),
        (
            format!(
                "reg add HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\FirewallRules /v a /d \"{whole}\" /f"
            ),
            Verdict::Met,
        ),
    ] {
        assert_eq!(verdict(inbound(&read(&text)), "192.0.2.1 -> 10.0.0.1 tcp/443"), expected, "{text}");
    }
}

#[test]
fn lists_that_a_table_lost_are_not_the_same_list() {
    let row = |name: &str, action: &str| {
        format!(
            "{name};{name};;;True;Any;System.String[];Inbound;{action};Block;False;False;;Any;System.String[];TCP;443;Any;Any;Any;Any;;Any;Any;Any;Any;Any;Any;NotRequired;NotRequired;False"
        )
    };
    let export = read(&table(&[&row("yes", "Allow"), &row("no", "Block")]));
    assert_eq!(
        symbols(inbound(&export)),
        ["list of no", "list of yes", "platform System.String[] of no", "platform System.String[] of yes"]
    );
}
