use diagnostics::TextRange;

use super::model::{Reading, Setting};
use super::profiles;

/// The profile whose settings `netsh advfirewall show allprofiles` prints from this line on.
pub fn heading(line: &str) -> Option<usize> {
    let name = line.trim().strip_suffix(':')?.strip_suffix(" Profile Settings")?;
    profiles::NAMES.iter().position(|known| *known == name)
}

/// One setting of a profile: a label and a value with blanks between them.
pub fn setting(reading: &mut Reading<'_>, profile: usize, line: &str, place: TextRange) {
    let Some(settings) = reading.profiles.get_mut(profile) else { return };
    let line = line.trim();
    let value = |label: &str| line.strip_prefix(label).map(str::trim);
    if let Some(state) = value("State ") {
        settings.enabled = match state {
            "ON" => Setting::Known(true),
            "OFF" => Setting::Known(false),
            _ => Setting::Unknown,
        };
    } else if let Some(policy) = value("Firewall Policy ") {
        (settings.inbound_permits, settings.outbound_permits) = (Setting::Unknown, Setting::Unknown);
        for word in policy.split(',').map(str::trim) {
            match word {
                "BlockInbound" => settings.inbound_permits = Setting::Known(false),
                "AllowInbound" => settings.inbound_permits = Setting::Known(true),
                "BlockInboundAlways" => {
                    settings.inbound_permits = Setting::Known(false);
                    settings.inbound_rules = Setting::Known(false);
                }
                "AllowOutbound" => settings.outbound_permits = Setting::Known(true),
                "BlockOutbound" => settings.outbound_permits = Setting::Known(false),
                _ => {}
            }
        }
    } else {
        return reading.irrelevant(place, "a setting that decides no packet");
    }
    settings.place = Some(place);
    reading.understood(place);
}
