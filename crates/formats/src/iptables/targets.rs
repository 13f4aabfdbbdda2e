/// What a target that is no chain of the file does to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Permit,
    Deny,
    Return,
    /// The next rule is asked.
    Nothing,
    /// The same, and the packet is reported.
    Log,
    /// Later stages see another destination.
    NewDestination,
    /// A new source, after everything that filters: the packet passes.
    NewSource,
    /// A new destination before routing, a new source after it.
    NewPrefix,
    /// Something outside of the rules decides, or the packet turns into another one.
    Elsewhere,
}

/// The effect of the target of that name; `None` where no such target is known.
///
/// From `man iptables-extensions` (and the xtables-addons package for a few): whether the kernel's function for it
/// ends with a verdict or goes on.
pub(super) fn effect(name: &str) -> Option<Effect> {
    Some(match name {
        "ACCEPT" => Effect::Permit,
        "DROP" | "REJECT" => Effect::Deny,
        "RETURN" => Effect::Return,
        "LOG" | "NFLOG" | "ULOG" => Effect::Log,
        "MARK" | "CONNMARK" | "TCPMSS" | "TOS" | "DSCP" | "SET" | "CT" | "NOTRACK" | "AUDIT" | "CHECKSUM"
        | "CLASSIFY" | "TTL" | "HL" | "TRACE" | "SECMARK" | "CONNSECMARK" | "IDLETIMER" | "LED" | "ECN"
        | "HMARK" | "RATEEST" | "TEE" | "TCPOPTSTRIP" | "IPMARK" | "LOGMARK" | "ACCOUNT" | "FLOWOFFLOAD" => {
            Effect::Nothing
        }
        "SNAT" | "MASQUERADE" => Effect::NewSource,
        "DNAT" | "REDIRECT" | "TPROXY" => Effect::NewDestination,
        "NETMAP" | "SAME" => Effect::NewPrefix,
        "TARPIT" | "DELUDE" | "STEAL" => Effect::Deny,
        "QUEUE" | "NFQUEUE" | "MIRROR" | "SYNPROXY" | "CLUSTERIP" | "ROUTE" | "CHAOS" | "DNPT" | "SNPT"
        | "RAWDNAT" | "RAWSNAT" | "DNETMAP" => Effect::Elsewhere,
        _ => return None,
    })
}

/// Whether the target takes options of its own.
pub(super) fn takes_options(name: &str) -> bool {
    !matches!(name, "ACCEPT" | "DROP" | "RETURN" | "QUEUE") && effect(name).is_some()
}
