package export

import (
	"encoding/csv"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
)

// table writes the contacts as a table that spreadsheets open.
func (a *archive) table(p *Person) error {
	w, err := a.create("contacts.csv")
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	rows := [][]string{{"contact", "conversation", "channel", "subject", "since", "promised_by", "outcome", "ended", "in_time", "class", "kind", "queue", "tier"}}
	for _, v := range p.Conversations {
		for i := range v.Contacts {
			c := &v.Contacts[i]
			rows = append(rows, []string{
				c.ID, v.ID, string(c.Channel), c.Subject, stamp(c.Start), stamp(c.Due), c.Outcome, stamp(c.EndedAt),
				fmt.Sprint(c.Kept), c.Class, c.Kind, c.Queue, c.Tier,
			})
		}
	}
	for _, row := range rows {
		for i := range row {
			row[i] = Cell(row[i])
		}
		if err := out.Write(row); err != nil {
			return fmt.Errorf("writing contacts.csv: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing contacts.csv: %w", err)
	}
	return nil
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// words writes a page that a person reads.
func (a *archive) words(p *Person) error {
	w, err := a.create("index.html")
	if err != nil {
		return err
	}
	if err := page.Execute(w, p); err != nil {
		return fmt.Errorf("writing index.html: %w", err)
	}
	return nil
}

//nolint:gochecknoglobals // a parsed template, read-only
var page = template.Must(template.New("index.html").Funcs(template.FuncMap{
	"day":    func(at time.Time) string { return at.Format("2006-01-02 15:04") },
	"amount": func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) },
	"list":   func(l []string) string { return strings.Join(l, ", ") },
}).Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Your data</title>
<style>
:root{color-scheme:light dark;--line:#8884}
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem;border-bottom:1px solid var(--line)}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line)}
article{border-left:3px solid var(--line);padding:.2rem 0 .2rem .8rem;margin:1rem 0}.ours{border-color:#2a7de1}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.3rem 0}.by{color:#777;font-size:.9rem}
</style>
<h1>What {{if .Company}}{{.Company}} keeps{{else}}is kept{{end}} about you</h1>
<p>Gathered on {{day .Made}}. <span lang="de">Was über Sie gespeichert ist, zusammengestellt am {{day .Made}}.</span></p>
<table>
<tr><th>profile.json<td>who you are to us, where each field is from, what you allow, what you said of our answers<br><span lang="de">wer Sie für uns sind, woher jede Angabe stammt, was Sie erlauben</span>
<tr><th>conversations.json<td>your conversations, what we promised, and what became of it<br><span lang="de">Ihre Gespräche, unsere Zusagen und was daraus wurde</span>
<tr><th>messages.mbox<td>all messages and answers, for any mail program<br><span lang="de">alle Nachrichten und Antworten, für jedes Mailprogramm</span>
<tr><th>attachments/<td>files that came and went<br><span lang="de">Dateien, die kamen und gingen</span>
<tr><th>contacts.csv<td>a table of your questions, for spreadsheets<br><span lang="de">eine Tabelle Ihrer Anliegen</span>
</table>
<h2>You</h2>
<table>
{{if .Name}}<tr><th>Name<td>{{.Name}}{{end}}
{{range .Addresses}}<tr><th>{{.Channel}}<td>{{.Address}}{{end}}
{{if not .Since.IsZero}}<tr><th>known since<td>{{day .Since}}{{end}}
{{range .Records}}{{if .External}}<tr><th>our number for you<td>{{.External}}{{end}}
{{if .Language}}<tr><th>language<td>{{.Language}}{{end}}
{{if .Zone}}<tr><th>time zone<td>{{.Zone}}{{end}}
{{if .Since}}<tr><th>customer since<td>{{.Since}}{{end}}
{{if .Tags}}<tr><th>tags<td>{{list .Tags}}{{end}}
{{range .Values}}<tr><th>value<td>{{amount .Amount}} (from {{.Source}}, {{day .At}}){{end}}
{{range .Preferences}}<tr><th>preferred channel<td>{{or .Channel "wherever they write"}} ({{.Source}}, {{day .At}}){{end}}
{{range .Consents}}<tr><th>{{.Purpose}}{{if .Channel}} by {{.Channel}}{{end}}<td>{{if .Given}}allowed{{else}}not allowed{{end}} ({{.Source}}, {{day .At}}){{end}}
{{with .Objection}}<tr><th>scoring<td>you object to it, since {{day .At}}{{end}}
{{range .Attributes}}<tr><th>{{.Name}}<td>{{.Value}}{{end}}{{end}}
</table>
{{if .Kept}}<h2>How long</h2><table>{{range .Kept}}<tr><th>{{.Kind}}<td>{{if .Days}}{{.Days}} days{{else}}until it is erased{{end}}{{end}}</table>{{end}}
{{if .Feedback}}<h2>What you said of our answers</h2>{{range .Feedback}}<article><div class="by">{{day .At}}: {{.Kind}} {{.Rating}}</div><pre>{{.Text}}</pre></article>{{end}}{{end}}
{{range .Conversations}}<h2>{{.Channel}}, {{day .OpenedAt}}</h2>
{{range .Contacts}}<p class="by">Waited since {{day .Start}}{{if not .Due.IsZero}}, promised by {{day .Due}}{{end}}: {{.Outcome}}{{if .Kept}}, in time{{end}}</p>{{end}}
{{range .Items}}<article{{if ne .Kind "message"}} class="ours"{{end}}><div class="by">{{day .At}}, {{.Kind}}{{if .From.Name}}, {{.From.Name}}{{end}}{{if .Subject}}: {{.Subject}}{{end}}</div>
{{if .Gone}}<p class="by">{{.Gone}}</p>{{else}}<pre>{{.Text}}</pre>{{end}}
{{range .Files}}<div>{{if .Path}}<a href="{{.Path}}">{{.Name}}</a>{{else}}{{.Name}} ({{.Gone}}){{end}}</div>{{end}}</article>{{end}}{{end}}
{{if .LeftOut}}<h2>What is not here</h2><ul>{{range .LeftOut}}<li>{{.}}{{end}}</ul>{{end}}
</html>
`))
