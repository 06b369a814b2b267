// Package load reads a company's own list of customers: CSV as spreadsheets of any
// country and age write it, or JSON. Every value is checked; a line that holds one that
// can't be is given back whole, with its line, column and reason, and stops no other.
//
// CSV: UTF-8, UTF-16 or windows-1252 (which Latin-1 is part of), found out by the bytes;
// fields by comma, semicolon or tab, found out by the header; in double quotes, also
// across lines. JSON: one array of objects, or objects one after the other.
//
// The columns:
//
//	external_id        the company's own id of the customer
//	name               one name
//	emails, phones     lists, by ";"
//	handles            a list of channel:address, as mastodon:@anna@social.example
//	language           BCP 47, as de or pt-BR
//	timezone           IANA, as Europe/Berlin
//	value              a number, in the company's own unit
//	customer_since     YYYY-MM-DD or DD.MM.YYYY
//	preferred_channel  as email or phone
//	tags               a list, by ";"
//	attr.NAME          any other field
//
// A row needs an external_id or an address. Cells that are empty say nothing. Text that
// a spreadsheet would take for a formula is text; where we write such a cell we set an
// apostrophe before it, and where one is read it is taken off again.
package load
