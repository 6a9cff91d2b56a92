import java.util.List;
import java.util.Objects;
import org.openapitools.client.ApiClient;
import org.openapitools.client.api.ObservationsApi;
import org.openapitools.client.api.ObservationsApi.APIListObservationsRequest;
import org.openapitools.client.api.TerritoriesApi;
import org.openapitools.client.api.TerritoriesApi.APIGetTerritoryRequest;
import org.openapitools.client.api.TerritoriesApi.APIListTerritoryMembersRequest;
import org.openapitools.client.model.Observation;
import org.openapitools.client.model.ObservationFilters;
import org.openapitools.client.model.Territory;
import org.openapitools.client.model.TerritoryWithShare;
import org.openapitools.client.model.TerritoryWithShareFilters;

/** openapi-generator's java: DEP-59, its members, and a page of observations, as objects with types. */
public class ReadOpenapiGenerator {
    private static void check(boolean right, Object found) {
        if (!right) {
            throw new AssertionError(found);
        }
    }

    public static void main(String[] arguments) throws Exception {
        ApiClient client = new ApiClient();
        client.updateBaseUri(arguments[0]);
        TerritoriesApi territories = new TerritoriesApi(client);
        Territory territory =
                territories.getTerritory(APIGetTerritoryRequest.newBuilder().territoryCode("DEP-59").build()).getData();
        check("DEP-59".equals(territory.getCode()) && "Nord".equals(territory.getName()), territory);
        List<TerritoryWithShare> members = territories
                .listTerritoryMembers(APIListTerritoryMembersRequest.newBuilder()
                        .territoryCode("DEP-59").kind(List.of("commune"))
                        // The generated client reads the object of filters also when it is not given.
                        .filters(new TerritoryWithShareFilters()).limit(5).build())
                .getData();
        check(members.size() == 5 && members.stream().allMatch(member -> member.getCode().startsWith("COM-")), members);
        List<Observation> observations = new ObservationsApi(client)
                .listObservations(APIListObservationsRequest.newBuilder()
                        .territoryCode(List.of("DEP-59", "REG-32"))
                        .filters(new ObservationFilters()).limit(3).build())
                .getData();
        check(observations.size() == 3, observations);
        check(observations.stream().allMatch(row -> Objects.nonNull(row.getValue()) && Objects.nonNull(row.getPeriod())), observations);
        System.out.println("openapi-generator java: DEP-59, its members and a page of observations");
    }
}
