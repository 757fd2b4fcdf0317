//! What nftables has in this network namespace, asked over netlink.
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_netfilter::nftables::{NfTablesMessage, TableAttribute, TableMessage};
use netlink_packet_netfilter::{
    NetfilterHeader, NetfilterMessage, NetfilterMessageInner, NetfilterProtoFamily,
};
use netlink_sys::{Socket, protocols::NETLINK_NETFILTER};

/// The names of all tables.
pub fn tables() -> Vec<String> {
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    let all = NfTablesMessage::GetTable(TableMessage { attributes: Vec::new() });
    let all = NetfilterMessage::new(NetfilterHeader::new(NetfilterProtoFamily::Unspec, 0, 0), all);
    let mut message = NetlinkMessage::new(header, NetlinkPayload::from(all));
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    let mut socket = Socket::new(NETLINK_NETFILTER).unwrap();
    socket.bind_auto().unwrap();
    socket.send(&bytes, 0).unwrap();
    let mut names = Vec::new();
    loop {
        let mut buffer = vec![0; 64 * 1024];
        let size = socket.recv(&mut &mut buffer[..], 0).unwrap();
        let mut bytes = &buffer[..size];
        while !bytes.is_empty() {
            let message = NetlinkMessage::<NetfilterMessage>::deserialize(bytes).unwrap();
            bytes = &bytes[(message.header.length as usize).next_multiple_of(4)..];
            match message.payload {
                NetlinkPayload::InnerMessage(message) => {
                    let NetfilterMessageInner::NfTables(NfTablesMessage::NewTable(table)) = message.inner
                    else {
                        panic!("{message:?}")
                    };
                    names.extend(table.attributes.into_iter().find_map(|attribute| match attribute {
                        TableAttribute::Name(name) => Some(name),
                        _ => None,
                    }));
                }
                NetlinkPayload::Done(_) => return names,
                other => panic!("{other:?}"),
            }
        }
    }
}
