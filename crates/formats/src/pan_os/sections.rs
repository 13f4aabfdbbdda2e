/// What a section of a device is, that is no section of a vsys.
pub fn device_section(word: &str) -> Option<&'static str> {
    Some(match word {
        "mgt-config" => "administrators and passwords",
        "predefined" => "what every firewall has",
        "template-stack" => "which templates go together",
        "log-collector" | "log-collector-group" | "wildfire-appliance" | "wildfire-appliance-cluster" => {
            "other machines that Panorama manages"
        }
        "platform" | "plugins" => "settings of the machine",
        _ => return None,
    })
}

/// Why a section that defines no objects and no rules does not matter.
pub fn section_reason(word: &str) -> &'static str {
    match word {
        "tag" => "a tag",
        "profile-group" => "profiles: they inspect what the rules let through",
        "log-settings" => "logging",
        "devices" | "description" | "display-name" | "import" | "setting" | "settings" => {
            "no part of the policy"
        }
        "certificate" | "certificate-profile" | "ssl-tls-service-profile" | "ssl-decrypt" => "certificates",
        "authentication-profile"
        | "authentication-sequence"
        | "authentication-object"
        | "server-profile"
        | "user-id-collector"
        | "user-id-ssl-auth"
        | "local-user-database"
        | "group-mapping"
        | "captive-portal"
        | "admin-role"
        | "dynamic-user-group" => "users and how they prove who they are",
        "global-protect" => "VPN",
        "reports" | "report-group" | "pdf-summary-report" | "email-scheduler" | "botnet" => "reports",
        _ => "outside of rules, objects and networks",
    }
}
