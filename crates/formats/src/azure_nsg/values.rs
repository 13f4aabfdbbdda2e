use std::net::IpAddr;

use ipnet::IpNet;

/// An address or a prefix, and whether it has bits beyond its length. Leading zeros are refused: some read them as
/// octal.
pub fn network(text: &str) -> Option<(IpNet, bool)> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    if !address.starts_with(|first: char| first.is_ascii_hexdigit() || first == ':') {
        return None;
    }
    let address: IpAddr = address.parse().ok()?;
    let net = match length {
        None => IpNet::from(address),
        Some(length) => {
            let plain = length.bytes().all(|byte| byte.is_ascii_digit())
                && (length == "0" || !length.starts_with('0'));
            IpNet::new(address, length.parse().ok().filter(|_| plain)?).ok()?
        }
    };
    Some((net, net.addr() != net.network()))
}

/// `*`, a port, or `low-high`.
pub fn port_range(text: &str) -> Result<(u16, u16), &'static str> {
    if text == "*" {
        return Ok((0, u16::MAX));
    }
    let port = |text: &str| {
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("is no port and no range of ports");
        }
        text.parse::<u16>().map_err(|_| "is above the highest port, 65535")
    };
    let (low, high) = match text.split_once('-') {
        Some((low, high)) => (port(low)?, port(high)?),
        None => (port(text)?, port(text)?),
    };
    if low > high { Err("ends before it starts") } else { Ok((low, high)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_azure_reads_them() {
        let read = |text: &str| network(text).map(|(net, host_bits)| (net.to_string(), host_bits));
        assert_eq!(read("10.0.0.0/24"), Some(("10.0.0.0/24".to_owned(), false)));
        assert_eq!(read("10.0.0.7/24"), Some(("10.0.0.7/24".to_owned(), true)));
        assert_eq!(read("10.0.0.7"), Some(("10.0.0.7/32".to_owned(), false)));
        assert_eq!(read("2001:db8::/32"), Some(("2001:db8::/32".to_owned(), false)));
        assert_eq!(read("::/0"), Some(("::/0".to_owned(), false)));
        for bad in [
            "",
            "10.0.0",
            "10.0.0.300",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "010.0.0.1",
            "::/129",
            "10.0.0.1-10.0.0.9",
            "10.0.0.0/24/8",
            "10.0.0.0/255.0.0.0",
            " 10.0.0.1",
            "fe80::1%eth0",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn ports_are_read_as_azure_reads_them() {
        assert_eq!(port_range("*"), Ok((0, 65535)));
        assert_eq!(port_range("22"), Ok((22, 22)));
        assert_eq!(port_range("22-22"), Ok((22, 22)));
        assert_eq!(port_range("0-65535"), Ok((0, 65535)));
        for bad in
            ["", "70000", "0-65536", "90-80", "80,443", "http", "-1", "1-", "-", "1-2-3", "+1", "0x10", "1.5"]
        {
            assert!(port_range(bad).is_err(), "{bad}");
        }
    }
}
