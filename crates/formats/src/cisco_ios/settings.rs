//! First words of the many settings that filter no packets on their way through.

/// Whether `word` begins one of `settings`.
pub fn has(settings: &str, word: &str) -> bool {
    settings.split(' ').any(|setting| setting == word)
}

/// Of commands and sections outside of interfaces and lists.
pub const GLOBAL: &str = "\
    aaa aggregate-address alias ap app-hosting appletalk archive arp as-path async-bootp atm \
    authentication auto autoip avc banner bba-group bfd bgp boot boot-end-marker boot-start-marker \
    bridge bridge-domain buffers cable call call-home card cdp cef cfs chat-script class clear cli clns \
    clock coap community-set config-register configuration connect control-plane controller copp cos \
    crypto ctlib cts daemon decnet default default-information define device-tracking dhcp diagnostic \
    dial-peer dialer dialer-list diameter do domain domain-name dot11 dot1x downlink dspfarm ecmp eigrp \
    emm enable end-policy end-set environment epm errdisable ethanalyzer ethernet ethernet-segment event \
    evpn exception exec exec-timeout extcommunity-set extended fabric facility-alarm feature feature-set \
    fex fhrp file fips flow flow-export ftp gatekeeper gateway gnmi graceful-restart grpc guestshell \
    hardware hsrp http hw-module ike install instance interop ipc ipx is-type isdn isis kerberos key \
    key-chain kron l2 l2vpn lacp ldap license line linecard lldp lldp-med load-interval location logging \
    login mac mac-address-table management memory memory-size metadata mgcp microcode mka mld mls modem \
    module monitor mop mpls multicast multicast-routing multilink mvrp name nat64 nde netconf \
    netconf-yang network network-clock network-clock-participate nls no nsf ntp nv nve nxapi object \
    object-tracking openflow ospfv3 parser password peer performance platform policy-global port-channel \
    port-profile power ppp prefix-set priority-flow-control privilege process prompt protocol ptp qos \
    queue queue-limit queue-monitor radius radius-server random-detect rcmd redundancy regex \
    remote-management restconf rlogin rmon role route route-only route-policy router-id routing rsvp rtr \
    sampler scheduler scp scripting sdwan section security service service-routing session sflow shell \
    show slot snmp snmp-server source spanning-tree spd ssh ssl stack stackwise-virtual standby \
    subscriber switch system table-map tacacs tacacs-server tag-switching task taskgroup tcp telemetry \
    telnet template terminal test tftp tftp-server threat-visibility track transceiver transport trunk \
    tunnel ucse udld udp upgrade usergroup username userpassphrase vdc version virtual virtual-service \
    vlan vlt voice voice-port vpc vpdn vpdn-group vpn vrf vrrp vstack vtp vty-pool warm-reboot wccp \
    webvpn wireless wism wlccp wsma xconnect xml";

/// Of lines of an interface. What is none of these is counted as not understood.
pub const INTERFACE: &str = "\
    address-family alias antenna arp atm authentication auto autonomous-mode bandwidth beacon bfd \
    bridge-group broadcast-key bundle bundle-enable cable carrier-delay cdp cdp-enable channel \
    channel-group clns clock controller cost dampening dead-interval default delay description \
    device-tracking dialer dialer-group dot1x dsl duplex eee encapsulation encryption errdisable \
    ethernet ethernet-segment evpn exec-timeout fabric fair-queue fec fex flow flowcontrol \
    fragment-forward-offset frame-relay framing full-duplex glbp graceful-shutdown guest half-duplex \
    hardware hello-interval hold-queue host-reachability hsrp ima interface ipv4 isdn isis keepalive \
    l2protocol l2transport lacp lacp-mode lan-name linecode link lldp load-balancing load-interval local \
    logging loopback loopdetect mac-address macsec management max-reserved-bandwidth mdix media-type \
    medium member mka mls mode monitor mop mpls mtu multicast mvr nat64 negotiation netflow network \
    network-clock nmsp no ntp ospfv3 password peer physical-layer pim point-to-point port port-channel \
    port-profile power ppp pppoe pppoe-client preempt priority priority-flow-control protocol pvc qos \
    queue queue-limit rcv-queue redundancy rep router rts sampler scheduler serial service shape snmp \
    source source-interface spanning-tree speed ssid stackwise-virtual standby station-role \
    storm-control switch system tag-switching timers track transmit-interface transport trunk trust \
    tunnel tx-queue tx-ring tx-ring-limit uc-tx-queue udld unicast-ra unidirectional vbr-nrt \
    virtual-template vlan vlan-id vmtracer vn-segment voice vpc vrrp vxlan world-mode wrr-queue xconnect";
