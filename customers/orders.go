package customers

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The attributes that sum up what a customer bought, where an import or a CRM gives
// them.
const (
	AttributeOrders     = "orders"
	AttributeRevenue    = "revenue"
	AttributeFirstOrder = "first_order"
	AttributeLastOrder  = "last_order"
)

// OrderAttributes names them.
func OrderAttributes() []string {
	return []string{AttributeOrders, AttributeRevenue, AttributeFirstOrder, AttributeLastOrder}
}

// CheckOrder says what is wrong with the value of an attribute that sums up orders:
// nil for what is right or empty, and for every other attribute.
func CheckOrder(name, value string) error {
	if value = strings.TrimSpace(value); value == "" {
		return nil
	}
	switch name {
	case AttributeOrders:
		if n, ok := amountOf(value); !ok || n < 0 || n != math.Trunc(n) || n > math.MaxInt32 {
			return fmt.Errorf("%q is no number of orders: write a whole number, such as 14", value)
		}
	case AttributeRevenue:
		if n, ok := amountOf(value); !ok || math.Abs(n) > mostAmount {
			return fmt.Errorf("%q is no amount: write a number, such as 1234.50", value)
		}
	case AttributeFirstOrder, AttributeLastOrder:
		if day(value) == "" {
			return fmt.Errorf("%q is no day: write it as 2026-05-03", value)
		}
	}
	return nil
}

// OrdersOf gives what a record knows of what was bought: what is noted so, or what
// its attributes say, nil where nothing is known. What can't be read is not known.
func OrdersOf(r *Record) *Orders {
	if r.Orders != nil {
		return r.Orders
	}
	var o Orders
	found := false
	for _, a := range r.Attributes {
		value := strings.TrimSpace(a.Value)
		if value == "" || !slices.Contains(OrderAttributes(), a.Name) || CheckOrder(a.Name, value) != nil {
			continue
		}
		found = true
		n, _ := amountOf(value)
		switch a.Name {
		case AttributeOrders:
			o.Count = int(n)
		case AttributeRevenue:
			o.Revenue = n
		case AttributeFirstOrder:
			o.First = day(value)
		case AttributeLastOrder:
			o.Last = day(value)
		}
	}
	if !found {
		return nil
	}
	o.Source, o.At = attributesFrom(r)
	return &o
}

// attributesFrom gives where the attributes of a record are from, and since when.
func attributesFrom(r *Record) (source string, at time.Time) {
	for _, f := range r.Fields {
		if f.Field == "attributes" || strings.HasPrefix(f.Field, "attr.") && slices.Contains(OrderAttributes(), strings.TrimPrefix(f.Field, "attr.")) {
			if f.At.After(at) || source == "" {
				source, at = f.Source, f.At
			}
		}
	}
	if source == "" {
		source, at = FromImport, r.ChangedAt
	}
	return source, at
}

// amountOf reads a number as programs write it, or with a comma for its decimals.
// "1,234" may be either of two numbers, and is neither.
func amountOf(text string) (float64, bool) {
	if whole, decimals, ok := strings.Cut(text, ","); ok && len(decimals) != 3 {
		text = whole + "." + decimals
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || strings.ContainsAny(text, "xXpP_") {
		return 0, false
	}
	return n, true
}
