//! The same question to the program itself: `flowright query --packets`.

use tests::binary::flowright;
use tests::folder::with_files;

use super::network::Fate;
use super::probe::Probe;
use super::probes::Hook;

/// Compares what the program answers with what became of the packets.
pub fn answered(text: &str, hook: Hook, sample: &[(Probe, Fate)]) -> Result<(), String> {
    let packets: String = sample.iter().map(|(probe, _)| format!("{}\n", probe.json())).collect();
    let folder = with_files(&[("rules.txt", text.as_bytes()), ("packets.jsonl", packets.as_bytes())]);
    let arguments =
        ["query", "--export", "rules.txt", "--rule-set", hook.chain(), "--packets", "packets.jsonl"];
    let run = flowright(folder.path(), &arguments);
    if run.status != Some(0) {
        return Err(format!("the program ends with {:?}: {}", run.status, run.err));
    }
    if run.out.lines().count() != sample.len() {
        return Err(format!("{} packets, and {} answers", sample.len(), run.out.lines().count()));
    }
    for (line, (probe, fate)) in run.out.lines().zip(sample) {
        let answer: serde_json::Value =
            serde_json::from_str(line).map_err(|error| format!("{error}: {line}"))?;
        let expected = if *fate == Fate::Stopped { "deny" } else { "permit" };
        let same_packet =
            answer["src"] == probe.source.to_string() && answer["dst"] == probe.destination.to_string();
        if answer["decision"] != expected || !same_packet {
            return Err(format!("{probe} ends as {fate:?}, and the answer is {line}"));
        }
    }
    Ok(())
}
