// Package crm asks a company's CRM by HTTP what it knows of a customer: what they are
// worth, their orders, tags and fields of the company's own. It is asked beside the
// way of a contact and never holds one up: what it says goes into the customer's
// record, and is the record's until it says something else. One that fails often is
// left alone for a while.
//
// A question is a GET of an address in which {external_id} or {address} and {channel}
// are filled in. The answer is a JSON object; 404 means that it doesn't know them. What
// is read of it, all of it optional:
//
//	{"external_id": "K-17", "value": 40600, "customer_since": "2020-05-12",
//	 "orders": 14, "revenue": 1234.5, "first_order": "2020-05-12", "last_order": "2026-05-03",
//	 "language": "de", "tags": ["vip"], "attributes": {"segment": "A"}}
//
// Where a CRM calls them otherwise, Config.Fields has a JSON pointer (RFC 6901) for each.
package crm
