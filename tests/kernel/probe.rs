//! One packet of a comparison, and its bytes.

use std::fmt::{self, Display};
use std::net::IpAddr;

use space::{Endpoint, Packet, protocol};

use super::checksum::{crc32c, internet};
use super::topology::{LINKS, Way};

/// The first packet of a flow: a TCP SYN, an SCTP INIT, a DCCP request, or just a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Probe {
    pub source: IpAddr,
    pub destination: IpAddr,
    pub protocol: u8,
    /// 0 where the protocol has none.
    pub source_port: u16,
    /// For ICMP, `type * 256 + code`; 0 where the protocol has none.
    pub destination_port: u16,
    pub way: Way,
}

/// How a packet ends: this, and its number.
const MARK: [u8; 4] = *b"FLOW";

impl Probe {
    /// The same as the flow space has it.
    pub fn packet(&self) -> Packet {
        let ported = protocol::has_ports(self.protocol);
        let carries = ported || protocol::is_icmp(self.protocol);
        let name = |link: Option<usize>| link.map(|link| LINKS[link].to_owned());
        Packet {
            source: Endpoint::Address(self.source),
            destination: Endpoint::Address(self.destination),
            protocol: self.protocol,
            source_port: ported.then_some(self.source_port),
            destination_port: carries.then_some(self.destination_port),
            in_interface: name(self.way.from()),
            out_interface: name(self.way.to()),
        }
    }

    /// As a line of `query --packets`.
    pub fn json(&self) -> String {
        let mut line = serde_json::Map::new();
        line.insert("src".to_owned(), self.source.to_string().into());
        line.insert("dst".to_owned(), self.destination.to_string().into());
        line.insert("protocol".to_owned(), self.protocol.into());
        if protocol::has_ports(self.protocol) {
            line.insert("src_port".to_owned(), self.source_port.into());
            line.insert("dst_port".to_owned(), self.destination_port.into());
        }
        if protocol::is_icmp(self.protocol) {
            let [kind, code] = self.destination_port.to_be_bytes();
            line.insert("icmp_type".to_owned(), kind.into());
            line.insert("icmp_code".to_owned(), code.into());
        }
        if let Some(link) = self.way.from() {
            line.insert("in_interface".to_owned(), LINKS[link].into());
        }
        if let Some(link) = self.way.to() {
            line.insert("out_interface".to_owned(), LINKS[link].into());
        }
        serde_json::Value::Object(line).to_string()
    }

    /// The whole packet from its IP header on, with `id` at its end.
    pub fn bytes(&self, id: u32) -> Vec<u8> {
        let body = self.body(id);
        let length = u16::try_from(body.len()).expect("a packet is short");
        let mut packet = Vec::with_capacity(40 + body.len());
        match (self.source, self.destination) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                packet.extend([0x45, 0]);
                packet.extend((length + 20).to_be_bytes());
                // An identification, no fragment, and 64 hops to go.
                packet.extend([0, 1, 0x40, 0, 64, self.protocol, 0, 0]);
                packet.extend(source.octets());
                packet.extend(destination.octets());
                let sum = internet(&[&packet]);
                packet[10..12].copy_from_slice(&sum.to_be_bytes());
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                packet.extend([0x60, 0, 0, 0]);
                packet.extend(length.to_be_bytes());
                packet.extend([self.protocol, 64]);
                packet.extend(source.octets());
                packet.extend(destination.octets());
            }
            _ => unreachable!("a packet is of one family"),
        }
        packet.extend(body);
        packet
    }

    /// What follows the IP header.
    pub fn body(&self, id: u32) -> Vec<u8> {
        let ports = [self.source_port.to_be_bytes(), self.destination_port.to_be_bytes()].concat();
        let mut body = match self.protocol {
            // Sequence, acknowledgement, five words with SYN, window.
            protocol::TCP => {
                [&ports, &[0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0xff, 0xff, 0, 0, 0, 0][..]].concat()
            }
            protocol::UDP => [&ports, &[0, 16, 0, 0][..]].concat(),
            // The checksum covers everything.
            protocol::UDPLITE => [&ports, &[0; 4][..]].concat(),
            // A request of five words with a long sequence number, for service 1 (RFC 4340, section 5).
            protocol::DCCP => [&ports, &[5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1][..]].concat(),
            protocol::SCTP => [&ports, SCTP_INIT].concat(),
            protocol::ICMP | protocol::ICMPV6 => {
                // Connections are told apart by the identifier, not by the sequence number after it.
                let identifier = id.rotate_left(16).to_be_bytes();
                [&self.destination_port.to_be_bytes()[..], &[0, 0], &identifier].concat()
            }
            _ => vec![0; 8],
        };
        body.extend(MARK);
        body.extend(id.to_be_bytes());
        self.fill_checksum(&mut body);
        body
    }

    fn fill_checksum(&self, body: &mut [u8]) {
        let (at, has_pseudo_header) = match self.protocol {
            protocol::SCTP => {
                let sum = crc32c(body);
                body[8..12].copy_from_slice(&sum);
                return;
            }
            protocol::TCP => (16, true),
            protocol::UDP | protocol::UDPLITE | protocol::DCCP => (6, true),
            protocol::ICMP => (2, false),
            protocol::ICMPV6 => (2, true),
            _ => return,
        };
        let length = u32::try_from(body.len()).expect("a packet is short").to_be_bytes();
        let pseudo_header = match (self.source, self.destination) {
            _ if !has_pseudo_header => Vec::new(),
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                [&source.octets()[..], &destination.octets(), &length, &[0, self.protocol]].concat()
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                [&source.octets()[..], &destination.octets(), &length, &[0, 0, 0, self.protocol]].concat()
            }
            _ => unreachable!("a packet is of one family"),
        };
        let sum = internet(&[&pseudo_header, body]);
        // UDP writes a sum of zero as its complement: zero says that there is none.
        let sum = if sum == 0 && self.protocol == protocol::UDP { u16::MAX } else { sum };
        body[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    }
}

/// What follows the ports (RFC 9260, section 3): no tag yet, the checksum, and an INIT chunk with the head of a parameter
/// that nobody knows, of twelve bytes. Its value is the mark.
const SCTP_INIT: &[u8] = &[
    0, 0, 0, 0, 0, 0, 0, 0, // tag and checksum
    1, 0, 0, 32, 0, 0, 0, 1, 0, 0, 0x40, 0, 0, 1, 0, 1, 0, 0, 0, 1, // INIT
    0xc1, 0, 0, 12, // the parameter
];

/// The number of a packet that arrived, from what follows its IP header, and the length of that.
///
/// An ICMP error ends with the packet it is about; its length tells it apart.
pub fn id_of(body: &[u8]) -> Option<(u32, usize)> {
    let (rest, id) = body.split_last_chunk::<4>()?;
    rest.ends_with(&MARK).then(|| (u32::from_be_bytes(*id), body.len()))
}

impl Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.json())
    }
}
