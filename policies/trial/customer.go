package trial

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"stagecoach/configs/strict"
	"stagecoach/customers"
)

// Customer is what is known of who wrote it, by the names of the columns of an
// import.
type Customer struct {
	// Tier is the tier that they were given, "" to find it by the policy.
	Tier string `yaml:"tier"`
	// LastAgent is who answered them last.
	LastAgent string `yaml:"last_agent"`
	// Contacts is how many contacts they had before.
	Contacts int `yaml:"contacts" range:"0..100"`
	// Value is what Source says that they are worth, at ValueAt.
	Value   *float64 `yaml:"value" range:"-1000000000000..1000000000000"`
	Source  string   `yaml:"source" enum:"import|crm"`
	ValueAt string   `yaml:"value_at"`
	Stale   bool     `yaml:"stale"`
	// External is the company's own id of theirs.
	External   string      `yaml:"external_id"`
	Tags       []string    `yaml:"tags"`
	Attributes []Attribute `yaml:"attributes"`
	// Since is the day on which they became a customer.
	Since string `yaml:"customer_since"`
	// Orders is how many there were, which came to Revenue.
	Orders     *int     `yaml:"orders" range:"0..1000000"`
	Revenue    *float64 `yaml:"revenue" range:"-1000000000000..1000000000000"`
	FirstOrder string   `yaml:"first_order"`
	LastOrder  string   `yaml:"last_order"`
	// Objected is true where they object to being scored.
	Objected bool `yaml:"objected"`
}

// Attribute is one of the company's own fields.
type Attribute struct {
	Name  string `yaml:"name" required:"true"`
	Value string `yaml:"value"`
}

// known gives what a policy is told of them as their contact comes.
func (c *Customer) known(at time.Time) customers.Known {
	r := customers.Record{External: c.External, Tags: c.Tags, Since: c.Since}
	for _, a := range c.Attributes {
		r.Attributes = append(r.Attributes, customers.Attribute{Name: a.Name, Value: a.Value})
	}
	if c.Value != nil {
		said := at
		if day, err := time.ParseInLocation(time.DateOnly, c.ValueAt, at.Location()); err == nil {
			said = day
		}
		r.Values = append(r.Values, customers.Value{Amount: *c.Value, Source: cmp.Or(c.Source, customers.FromImport), At: said, Stale: c.Stale})
	}
	if c.Orders != nil || c.Revenue != nil || c.FirstOrder != "" || c.LastOrder != "" {
		r.Orders = &customers.Orders{First: c.FirstOrder, Last: c.LastOrder, Source: cmp.Or(c.Source, customers.FromImport), At: at}
		if c.Orders != nil {
			r.Orders.Count = *c.Orders
		}
		if c.Revenue != nil {
			r.Orders.Revenue = *c.Revenue
		}
	}
	if c.Objected {
		r.Objection = &customers.Mark{At: at}
	}
	return customers.KnownOf(&r)
}

// check reports days that are none.
func (c *Customer) check(d *strict.Doc, key string) {
	for _, one := range []struct{ name, day string }{
		{"customer_since", c.Since}, {"first_order", c.FirstOrder}, {"last_order", c.LastOrder}, {"value_at", c.ValueAt},
	} {
		if _, err := time.Parse(time.DateOnly, one.day); one.day != "" && err != nil {
			d.Report(key+"."+one.name, "such as 2026-05-03", "%q is no day", one.day)
		}
	}
	for _, one := range []struct {
		name  string
		given bool
	}{{"source", c.Source != "" && c.Value == nil && c.Orders == nil && c.Revenue == nil}, {"value_at", c.ValueAt != "" && c.Value == nil}, {"stale", c.Stale && c.Value == nil}} {
		if one.given {
			d.Report(key+"."+one.name, "say value too, or take it out", "is said of no value")
		}
	}
}

// CustomerKeys are what Set knows beside attr.NAME.
func CustomerKeys() []string {
	return []string{
		"value", "source", "value_at", "stale", "external_id", "tags", "customer_since", "orders", "revenue", "first_order", "last_order", "objected",
	}
}

// Set notes what "key=value" says of the customer: the keys are those of a test, or
// attr.NAME; several tags are parted by semicolons.
func (c *Customer) Set(text string) error {
	key, value, ok := strings.Cut(text, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !ok {
		return errors.New("write it as KEY=VALUE, such as value=812 or attr.segment=A")
	}
	if name, own := strings.CutPrefix(key, "attr."); own && name != "" {
		c.Attributes = append(c.Attributes, Attribute{Name: name, Value: value})
		return nil
	}
	var err error
	switch key {
	case "value":
		c.Value, err = amount(value)
	case "revenue":
		c.Revenue, err = amount(value)
	case "orders":
		n, wrong := strconv.Atoi(value)
		if wrong != nil || n < 0 {
			err = fmt.Errorf("%q is no number of orders", value)
		}
		c.Orders = &n
	case "tags":
		for tag := range strings.SplitSeq(value, ";") {
			if tag = strings.TrimSpace(tag); tag != "" {
				c.Tags = append(c.Tags, tag)
			}
		}
	case "stale":
		c.Stale, err = truth(value)
	case "objected":
		c.Objected, err = truth(value)
	case "source":
		if c.Source = value; !slices.Contains([]string{customers.FromImport, customers.FromCRM}, value) {
			err = fmt.Errorf("%q is no source of a value: import or crm", value)
		}
	case "external_id":
		c.External = value
	default:
		err = c.setDay(key, value)
	}
	return err
}

func (c *Customer) setDay(key, value string) error {
	to := map[string]*string{"customer_since": &c.Since, "first_order": &c.FirstOrder, "last_order": &c.LastOrder, "value_at": &c.ValueAt}[key]
	if to == nil {
		return fmt.Errorf("%q is not known of a customer (%s)", key, strict.DidYouMean(key, append(CustomerKeys(), "attr.NAME")))
	}
	if _, err := time.Parse(time.DateOnly, value); err != nil {
		return fmt.Errorf("%q is no day: write it as 2026-05-03", value)
	}
	*to = value
	return nil
}

func amount(text string) (*float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return nil, fmt.Errorf("%q is no number", text)
	}
	return &n, nil
}

func truth(text string) (bool, error) {
	switch text {
	case "yes", "true":
		return true, nil
	case "no", "false":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither yes nor no", text)
}
