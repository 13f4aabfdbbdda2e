//! The network of a comparison: packets go in at one end, and what comes out is told by their numbers.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_recv_buffer_size_force, set_socket_timeout};
use rustix::net::{
    AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType, eth, ipproto, recv, sendto,
    socket_with,
};
use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
use space::protocol;

use super::namespace::{Namespace, run};
use super::probe::{Probe, id_of};
use super::topology::{Family, LINKS, OWN, Way, ends, networks};

/// A router and the neighbours behind its interfaces, each in a namespace of its own.
pub struct Network {
    router: Namespace,
    /// One for each of [`LINKS`].
    neighbours: Vec<Endpoint>,
    own: Endpoint,
    next_id: u32,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Stopped,
    /// It left the router by the interface, or with `None` the router keeps it for itself.
    Passed(Option<usize>),
}

/// Sockets in one namespace. They keep working from outside of it.
struct Endpoint {
    /// Takes whole IPv4 packets.
    send_v4: OwnedFd,
    /// Takes whole IPv6 packets.
    send_v6: OwnedFd,
    receive: Vec<Receiver>,
}

struct Receiver {
    socket: OwnedFd,
    family: Family,
    /// Whether what is read begins with the IP header.
    has_header: bool,
}

/// More packets than fit in the queue between two interfaces are lost.
const AT_ONCE: usize = 64;

/// Long enough for any machine: it passes only where the network does not carry packets at all.
const LOST_AFTER: Duration = Duration::from_secs(20);

impl Network {
    pub fn new() -> Result<Self, String> {
        let mut router = Namespace::new("router")?;
        let mut outside: Vec<Namespace> =
            LINKS.iter().map(|link| Namespace::new(link)).collect::<Result<_, _>>()?;

        router.enter(|| settings(true))?;
        for neighbour in &outside {
            neighbour.enter(|| settings(false))?;
        }
        router.enter(|| run("ip", &["-batch", "-"], &create(&outside)))?;
        for (link, neighbour) in outside.iter().enumerate() {
            neighbour.enter(|| run("ip", &["-batch", "-"], &neighbour_side(link)))?;
        }
        router.enter(|| run("ip", &["-batch", "-"], &router_side()))?;

        let neighbours =
            outside.iter().map(|namespace| namespace.enter(Endpoint::outside)).collect::<Result<_, _>>()?;
        let own = router.enter(Endpoint::own)?;
        router.forget_name();
        outside.iter_mut().for_each(Namespace::forget_name);
        Ok(Network { router, neighbours, own, next_id: 0 })
    }

    /// Where rule sets are loaded.
    pub fn router(&self) -> &Namespace {
        &self.router
    }

    /// Sends the packets, all of one family, and says what became of each.
    ///
    /// After every few packets a neighbour sends one of the other family to itself, past no rule, and then another.
    /// Everything is done on one processor, whose queue keeps the order: when the first is there, all before it have been
    /// routed, and when the second is, they are out or will never be.
    pub fn send(&mut self, probes: &[Probe]) -> Result<Vec<Fate>, String> {
        let mut fates = Vec::with_capacity(probes.len());
        for some in probes.chunks(AT_ONCE) {
            let first = self.next_id;
            self.next_id += u32::try_from(some.len()).expect("they are few") + 2;
            // The thread of the test stays where it is.
            let those = thread::scope(|scope| scope.spawn(|| self.send_some(some, first)).join());
            fates.extend(those.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(fates)
    }

    fn send_some(&self, probes: &[Probe], first: u32) -> Result<Vec<Fate>, String> {
        let mut processor = CpuSet::new();
        processor.set(sched_getcpu());
        sched_setaffinity(None, &processor)
            .map_err(|error| format!("the thread cannot stay on one processor: {error}"))?;

        let mut expected: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
        let mut id = first;
        for (index, probe) in probes.iter().enumerate() {
            expected.insert(id, (index, probe.body(id).len()));
            self.endpoint_of(probe.way.from()).send(probe, id)?;
            id += 1;
        }
        let Some(family) = probes.first().map(|probe| Family::of(probe.source)) else {
            return Ok(Vec::new());
        };
        self.flush(family.other(), id)?;
        self.flush(family.other(), id + 1)?;

        let mut fates = vec![Fate::Stopped; probes.len()];
        for place in (0..LINKS.len()).map(Some).chain([None]) {
            for receiver in &self.endpoint_of(place).receive {
                while let Some(body) = receiver.next(RecvFlags::DONTWAIT)? {
                    let found = id_of(&body).and_then(|(id, length)| Some((expected.get(&id)?, length)));
                    if let Some(((index, sent), length)) = found
                        && length == *sent
                    {
                        fates[*index] = Fate::Passed(place);
                    }
                }
            }
        }
        Ok(fates)
    }

    /// Sends a packet of `family` from a neighbour to itself and waits for it.
    fn flush(&self, family: Family, id: u32) -> Result<(), String> {
        let itself: IpAddr = match family {
            Family::V4 => Ipv4Addr::LOCALHOST.into(),
            Family::V6 => Ipv6Addr::LOCALHOST.into(),
        };
        let marker = Probe {
            source: itself,
            destination: itself,
            protocol: protocol::UDP,
            source_port: 9,
            destination_port: 9,
            way: Way::OutOf { to: 0 },
        };
        self.neighbours[0].send(&marker, id)?;
        let receivers = &self.neighbours[0].receive;
        let receiver =
            receivers.iter().find(|receiver| receiver.family == family).expect("there is one a family");
        loop {
            match receiver.next(RecvFlags::empty())? {
                Some(body) if id_of(&body).is_some_and(|(found, _)| found == id) => return Ok(()),
                Some(_) => {}
                None => return Err("a packet that no rule sees did not arrive".to_owned()),
            }
        }
    }

    /// The neighbour behind an interface, or the router itself.
    fn endpoint_of(&self, link: Option<usize>) -> &Endpoint {
        link.map_or(&self.own, |link| &self.neighbours[link])
    }
}

/// Forwarding without second thoughts for the router; nobody answers, and nobody announces itself.
fn settings(router: bool) -> Result<(), String> {
    let flag = if router { "1" } else { "0" };
    let mut all = vec![("ipv4/ip_forward", flag), ("ipv6/conf/all/forwarding", flag)];
    all.extend([
        ("ipv4/conf/all/rp_filter", "0"),
        ("ipv4/conf/default/rp_filter", "0"),
        ("ipv4/conf/all/send_redirects", "0"),
        ("ipv4/conf/default/send_redirects", "0"),
        ("ipv4/icmp_echo_ignore_all", "1"),
        ("ipv6/icmp/echo_ignore_all", "1"),
        ("ipv6/conf/all/disable_ipv6", "0"),
        ("ipv6/conf/default/disable_ipv6", "0"),
        ("ipv6/conf/default/accept_ra", "0"),
        ("ipv6/conf/default/addr_gen_mode", "1"),
    ]);
    for (name, value) in all {
        fs::write(format!("/proc/sys/net/{name}"), value)
            .map_err(|error| format!("`net/{name}` cannot be set in a network namespace: {error}"))?;
    }
    Ok(())
}

/// The interfaces, each with its other end at a neighbour. The Ethernet address tells the end and the number.
fn create(outside: &[Namespace]) -> String {
    let mut commands = String::new();
    for (link, (name, neighbour)) in LINKS.iter().zip(outside).enumerate() {
        let [here, there] = ethernet(link);
        let neighbour = neighbour.name();
        commands += &format!(
            "link add {name} address {here} type veth peer name out address {there} netns {neighbour}\n"
        );
    }
    commands
}

fn ethernet(link: usize) -> [String; 2] {
    [format!("02:00:00:00:01:0{link}"), format!("02:00:00:00:02:0{link}")]
}

fn router_side() -> String {
    let mut commands = "link set lo up\n".to_owned();
    for own in OWN {
        commands += &format!("address add {own} dev lo {}\n", if own.contains(':') { "nodad" } else { "" });
    }
    for (link, name) in LINKS.iter().enumerate() {
        let ([here, there], [_, ethernet]) = (ends(link), ethernet(link));
        commands += &format!("link set {name} up\n");
        commands += &format!("address add {here}/30 dev {name}\naddress add fe80::1/64 dev {name} nodad\n");
        commands += &format!("neighbour add {there} lladdr {ethernet} dev {name} nud permanent\n");
        commands += &format!("neighbour add fe80::2 lladdr {ethernet} dev {name} nud permanent\n");
        for network in networks(link) {
            let gateway = if network.contains(':') { "fe80::2".to_owned() } else { there.to_string() };
            commands += &format!("route add {network} via {gateway} dev {name}\n");
        }
    }
    commands
}

fn neighbour_side(link: usize) -> String {
    let ([there, here], [ethernet, _]) = (ends(link), ethernet(link));
    format!(
        "link set lo up\n\
         link set out up\n\
         address add {here}/30 dev out\n\
         address add fe80::2/64 dev out nodad\n\
         neighbour add {there} lladdr {ethernet} dev out nud permanent\n\
         neighbour add fe80::1 lladdr {ethernet} dev out nud permanent\n\
         route add default via {there} dev out\n\
         route add ::/0 via fe80::1 dev out\n"
    )
}

impl Endpoint {
    /// Takes whatever reaches the namespace, whoever it is for.
    fn outside() -> Result<Self, String> {
        let mut receive = Vec::new();
        for (family, protocol) in [(Family::V4, eth::IP), (Family::V6, eth::IPV6)] {
            let socket = open(AddressFamily::PACKET, SocketType::DGRAM, protocol)?;
            receive.push(Receiver { socket, family, has_header: true });
        }
        Endpoint::with(receive)
    }

    /// Takes what the router keeps for itself, after its rules: the kernel hands it to raw sockets then.
    fn own() -> Result<Self, String> {
        const IPV4: [Protocol; 5] =
            [ipproto::TCP, ipproto::UDP, ipproto::ICMP, ipproto::SCTP, ipproto::UDPLITE];
        const IPV6: [Protocol; 5] =
            [ipproto::TCP, ipproto::UDP, ipproto::ICMPV6, ipproto::SCTP, ipproto::UDPLITE];
        let mut receive = Vec::new();
        for protocol in IPV4 {
            let socket = open(AddressFamily::INET, SocketType::RAW, protocol)?;
            receive.push(Receiver { socket, family: Family::V4, has_header: true });
        }
        for protocol in IPV6 {
            let socket = open(AddressFamily::INET6, SocketType::RAW, protocol)?;
            receive.push(Receiver { socket, family: Family::V6, has_header: false });
        }
        Endpoint::with(receive)
    }

    fn with(receive: Vec<Receiver>) -> Result<Self, String> {
        for receiver in &receive {
            let set = set_socket_recv_buffer_size_force(&receiver.socket, 4 << 20)
                .and_then(|()| set_socket_timeout(&receiver.socket, Timeout::Recv, Some(LOST_AFTER)));
            set.map_err(|error| format!("a socket cannot be set up: {error}"))?;
        }
        // A raw socket of this protocol is given whole packets, header and all (raw(7), ipv6(7)).
        Ok(Endpoint {
            send_v4: open(AddressFamily::INET, SocketType::RAW, ipproto::RAW)?,
            send_v6: open(AddressFamily::INET6, SocketType::RAW, ipproto::RAW)?,
            receive,
        })
    }

    fn send(&self, probe: &Probe, id: u32) -> Result<(), String> {
        let bytes = probe.bytes(id);
        let sent = match probe.destination {
            IpAddr::V4(to) => sendto(&self.send_v4, &bytes, SendFlags::empty(), &SocketAddrV4::new(to, 0)),
            IpAddr::V6(to) => {
                sendto(&self.send_v6, &bytes, SendFlags::empty(), &SocketAddrV6::new(to, 0, 0, 0))
            }
        };
        match sent {
            // The sender is told of it when its own machine's rules stop a packet.
            Ok(_) | Err(Errno::PERM) => Ok(()),
            Err(error) => Err(format!("the kernel does not take {probe}: {error}")),
        }
    }
}

fn open(family: AddressFamily, kind: SocketType, protocol: Protocol) -> Result<OwnedFd, String> {
    socket_with(family, kind, SocketFlags::CLOEXEC, Some(protocol))
        .map_err(|error| format!("a raw socket cannot be opened: {error}"))
}

impl Receiver {
    /// What follows the IP header of the next packet; `None` where there is none.
    fn next(&self, flags: RecvFlags) -> Result<Option<Vec<u8>>, String> {
        let mut buffer = [0; 2048];
        let (_, length) = match recv(&self.socket, &mut buffer[..], flags) {
            Ok(read) => read,
            Err(Errno::AGAIN) => return Ok(None),
            Err(error) => return Err(format!("a packet cannot be read: {error}")),
        };
        let packet = buffer.get(..length).unwrap_or_default();
        let header = match self.family {
            _ if !self.has_header => 0,
            Family::V4 => packet.first().map_or(0, |first| usize::from(first & 15) * 4),
            Family::V6 => 40,
        };
        Ok(Some(packet.get(header..).unwrap_or_default().to_vec()))
    }
}
